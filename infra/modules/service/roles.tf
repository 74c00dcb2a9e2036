locals {
  assumed_by_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })

  # A reference may select one key of a secret after its ARN; a policy accepts the ARN only.
  secret_arns = [for arn in sort(values(var.secrets)) : join(":", slice(split(":", arn), 0, min(7, length(split(":", arn)))))]

  read_secrets = [for statement in [
    {
      Sid      = "ReadTheNamedSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
      Resource = local.secret_arns
    },
    {
      Sid      = "DecryptThem"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = [var.kms_key_arn]
    },
  ] : statement if length(var.secrets) > 0]
}

# For AWS to start a task: pull the image, write logs, pass secrets.
resource "aws_iam_role" "execution" {
  name                 = "${var.name}-execution"
  path                 = "/${var.name}/"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.assumed_by_tasks
}

resource "aws_iam_role_policy" "execution" {
  #checkov:skip=CKV_AWS_355:ecr:GetAuthorizationToken accepts no resource other than "*"
  name = "start-a-task"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "LogInToTheRegistry"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "PullImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = local.repository_arns
      },
      {
        Sid      = "WriteItsLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"]
      },
    ], local.read_secrets)
  })
}

# For the server itself: it can write predictions and cannot read them.
resource "aws_iam_role" "task" {
  name                 = "${var.name}-task"
  path                 = "/${var.name}/"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy   = local.assumed_by_tasks
}

resource "aws_iam_role_policy" "task" {
  name = "leave-predictions"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${var.prediction_bucket_arn}/predictions/*"
      },
      {
        Effect   = "Allow"
        Action   = "kms:GenerateDataKey"
        Resource = var.kms_key_arn
      },
    ]
  })
}

# Empty for an image from another registry than ECR: the role can then pull nothing from ECR.
locals {
  ecr_image       = "^([0-9]{12})\\.dkr\\.ecr\\.([a-z0-9-]+)\\.amazonaws\\.com/([^@]+)@"
  ecr_matches     = flatten([for image in values(local.images) : try([regex(local.ecr_image, image)], [])])
  ecr_parts       = chunklist(local.ecr_matches, 3)
  ecr_arns        = distinct([for part in local.ecr_parts : "arn:aws:ecr:${part[1]}:${part[0]}:repository/${part[2]}"])
  repository_arns = length(local.ecr_arns) > 0 ? local.ecr_arns : ["arn:aws:ecr:*:*:repository/none"]
}
