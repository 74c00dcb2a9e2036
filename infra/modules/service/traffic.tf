# /metrics is for internal monitoring and not public.
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

# Requests with the track's header reach that track, whatever the weights are. The rules also attach each target group to
# the load balancer before traffic moves: ECS refuses to create a service for a group without a load balancer.
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

# The weights change only after both services are steady: a version that never becomes ready fails the apply earlier.
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
