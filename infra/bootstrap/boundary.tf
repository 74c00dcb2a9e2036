# Upper bound of every role that a deployment creates, whatever the role's own policy allows.
resource "aws_iam_policy" "boundary" {
  name        = "${local.project}-workload-boundary"
  description = "Upper bound of every role that a deploy of ${local.project} makes"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StartTasks"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [module.registry.repository_arn]
      },
      {
        Sid      = "LogIn"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [for short in values(local.short_names) : "arn:aws:logs:${var.region}:${local.account_id}:log-group:/${short}/*"]
      },
      {
        Sid      = "LeavePredictions"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = [for short in values(local.short_names) : "arn:aws:s3:::${short}-predictions-${local.account_id}/predictions/*"]
      },
      {
        Sid       = "UseItsKeys"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = ["arn:aws:kms:${var.region}:${local.account_id}:key/*"]
        Condition = { StringEquals = { "aws:ResourceTag/Stack" = values(local.stack_names) } }
      },
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
        Resource = ["arn:aws:secretsmanager:${var.region}:${local.account_id}:secret:${local.project}/*", "arn:aws:ssm:${var.region}:${local.account_id}:parameter/${local.project}/*"]
      },
    ]
  })
}
