locals {
  port   = 8080
  tracks = { stable = { probe_priority = 20 }, canary = { probe_priority = 21 } }
  images = merge({ stable = var.stable_image }, var.canary_image == null ? {} : { canary = var.canary_image })

  # The same check as the image's own health check, without a shell.
  ask_for_health = "import urllib.request as u; u.urlopen('http://127.0.0.1:${local.port}/healthz', timeout=3)"
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.tracks

  name              = "/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.images

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu_units
  memory                   = var.memory_mib
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # The only writable directory; it is deleted with the task.
  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([{
    name                   = "server"
    image                  = each.value
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    stopTimeout            = var.drain_seconds
    portMappings           = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "scratch", containerPath = "/tmp", readOnly = false }]
    linuxParameters        = { initProcessEnabled = true, capabilities = { add = [], drop = ["ALL"] } }
    environment            = [for name, value in var.environment_variables : { name = name, value = value }]
    secrets                = [for name, arn in var.secrets : { name = name, valueFrom = arn }]

    healthCheck = {
      command     = ["CMD", "python3", "-c", local.ask_for_health]
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 20
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = "server"
      }
    }
  }])
}
