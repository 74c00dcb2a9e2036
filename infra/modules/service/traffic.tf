# Metrics are for the monitoring inside, not for the world.
resource "aws_lb_listener_rule" "hidden" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  condition {
    path_pattern {
      values = ["/metrics", "/metrics/*"]
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "not found"
      status_code  = "404"
    }
  }

  tags = { Name = "${var.name}-hidden" }
}

# Asks one track for its version whatever the weights are. Without these rules a target group would belong to no load
# balancer before traffic moves, and ECS refuses to make a service on such a group.
resource "aws_lb_listener_rule" "probe" {
  for_each = aws_lb_target_group.this

  listener_arn = aws_lb_listener.https.arn
  priority     = local.tracks[each.key].probe_priority

  condition {
    http_header {
      http_header_name = "x-merge-lane-track"
      values           = [each.key]
    }
  }

  condition {
    path_pattern {
      values = ["/version", "/readyz"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = each.value.arn
  }

  tags = { Name = "${var.name}-probe-${each.key}" }
}

# Moves only after both services are steady: a version that never becomes ready fails the apply before this line.
resource "aws_lb_listener_rule" "traffic" {
  depends_on = [aws_ecs_service.stable, aws_ecs_service.canary]

  listener_arn = aws_lb_listener.https.arn
  priority     = 100

  condition {
    path_pattern {
      values = ["/*"]
    }
  }

  action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.this["stable"].arn
        weight = 100 - var.canary_weight_percent
      }

      target_group {
        arn    = aws_lb_target_group.this["canary"].arn
        weight = var.canary_weight_percent
      }
    }
  }

  tags = { Name = "${var.name}-traffic" }
}
