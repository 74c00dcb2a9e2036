locals {
  # The actions of `terraform plan`. None of them reads a secret, a prediction or an image.
  read_actions = [
    "application-autoscaling:Describe*",
    "application-autoscaling:ListTagsForResource",
    "budgets:ListTagsForResource",
    "budgets:ViewBudget",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "ec2:Describe*",
    "ec2:GetSecurityGroupsForVpc",
    "ecs:Describe*",
    "ecs:List*",
    "elasticloadbalancing:Describe*",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:ListTagsForResource",
    "sts:GetCallerIdentity",
  ]

  read_settings_actions = [
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
  ]

  read_key_actions = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]

  stack_names = { for name in var.environments : name => "${local.project}-${name}" }
  short_names = { for name, full in local.stack_names : name => length(full) <= 24 ? full : "${trim(substr(full, 0, 17), "-")}-${substr(sha256(full), 0, 6)}" }

  state_keys = { for name in var.environments : name => "${module.storage.bucket_arns["state"]}/environments/${name}.tfstate" }

  read_statements = { for name, short in local.short_names : name => [
    {
      Sid      = "Look"
      Effect   = "Allow"
      Action   = local.read_actions
      Resource = ["*"]
    },
    {
      Sid      = "LookAtItsSettings"
      Effect   = "Allow"
      Action   = local.read_settings_actions
      Resource = ["arn:aws:iam::${local.account_id}:role/${short}/*", "arn:aws:s3:::${short}-*"]
    },
    {
      Sid       = "LookAtItsKey"
      Effect    = "Allow"
      Action    = local.read_key_actions
      Resource  = ["arn:aws:kms:${var.region}:${local.account_id}:key/*"]
      Condition = { StringEquals = { "aws:ResourceTag/Stack" = local.stack_names[name] } }
    },
    {
      Sid      = "FindTheState"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [module.storage.bucket_arns["state"]]
    },
    {
      Sid      = "ReadTheState"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = [local.state_keys[name]]
    },
    {
      Sid      = "DecryptTheState"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = [module.storage.kms_key_arn]
    },
  ] }

  # The plan role reads every environment and writes nothing, not even a lock (plan -lock=false).
  plan_statements = concat(
    [local.read_statements[sort(var.environments)[0]][0]],
    flatten([for name in sort(var.environments) : [
      for statement in slice(local.read_statements[name], 1, 6) : merge(statement, { Sid = "${statement.Sid}Of${title(name)}" })
    ]]),
  )
}
