resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

locals {
  # At a weight of 100 the canary needs at least as many tasks as the stable service.
  canary_task_count = max(var.canary_task_count, ceil(var.min_task_count * var.canary_weight_percent / 100))
  rolled_back       = "ECS gave up on this version and went back to the one before (circuit breaker). No traffic was moved. Read the stopped tasks' reasons, then deploy a version that starts."
}

resource "aws_ecs_service" "stable" {
  #checkov:skip=CKV_AWS_332:1.4.0 is the latest; LATEST would change the platform without a commit
  depends_on = [aws_lb_listener_rule.probe, aws_iam_role_policy.execution]

  name                               = "stable"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this["stable"].arn
  desired_count                      = var.min_task_count
  launch_type                        = "FARGATE"
  platform_version                   = "1.4.0"
  availability_zone_rebalancing      = "ENABLED"
  propagate_tags                     = "SERVICE"
  enable_ecs_managed_tags            = true
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  wait_for_steady_state              = true

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.private_subnet_ids
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this["stable"].arn
    container_name   = "server"
    container_port   = local.port
  }

  timeouts {
    create = "${var.steady_state_timeout_seconds}s"
    update = "${var.steady_state_timeout_seconds}s"
  }

  lifecycle {
    ignore_changes = [desired_count] # autoscaling decides

    # After a rollback by ECS the service is steady again: Terraform would report success and move the traffic.
    postcondition {
      condition     = self.task_definition == aws_ecs_task_definition.this["stable"].arn
      error_message = local.rolled_back
    }
  }
}

resource "aws_ecs_service" "canary" {
  #checkov:skip=CKV_AWS_332:1.4.0 is the latest; LATEST would change the platform without a commit
  count      = var.canary_image == null ? 0 : 1
  depends_on = [aws_lb_listener_rule.probe, aws_iam_role_policy.execution]

  name                               = "canary"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this["canary"].arn
  desired_count                      = local.canary_task_count
  launch_type                        = "FARGATE"
  platform_version                   = "1.4.0"
  availability_zone_rebalancing      = "ENABLED"
  propagate_tags                     = "SERVICE"
  enable_ecs_managed_tags            = true
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  wait_for_steady_state              = true

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.private_subnet_ids
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this["canary"].arn
    container_name   = "server"
    container_port   = local.port
  }

  timeouts {
    create = "${var.steady_state_timeout_seconds}s"
    update = "${var.steady_state_timeout_seconds}s"
  }

  lifecycle {
    # Removed only after the traffic rule stops using it: otherwise its last requests would find no task.
    create_before_destroy = true

    postcondition {
      condition     = self.task_definition == aws_ecs_task_definition.this["canary"].arn
      error_message = local.rolled_back
    }
  }
}
