locals {
  # Network ARNs contain no names: creating is allowed in this region, changing requires the environment's tag.
  network_create_actions = [
    "ec2:AllocateAddress",
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateFlowLogs",
    "ec2:CreateInternetGateway",
    "ec2:CreateRoute",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateTags",
    "ec2:CreateVpc",
    "ec2:CreateVpcEndpoint",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
  ]

  network_change_actions = [
    "ec2:DeleteFlowLogs",
    "ec2:DeleteInternetGateway",
    "ec2:DeleteRoute",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteTags",
    "ec2:DeleteVpc",
    "ec2:DeleteVpcEndpoints",
    "ec2:DetachInternetGateway",
    "ec2:DisassociateRouteTable",
    "ec2:ModifySecurityGroupRules",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
    "ec2:ModifyVpcEndpoint",
    "ec2:ReplaceRoute",
    "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
  ]

  named_actions = [
    "budgets:ModifyBudget",
    "budgets:TagResource",
    "budgets:UntagResource",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
    "ecs:CreateCluster",
    "ecs:CreateService",
    "ecs:DeleteCluster",
    "ecs:DeleteService",
    "ecs:PutClusterCapacityProviders",
    "ecs:TagResource",
    "ecs:UntagResource",
    "ecs:UpdateCluster",
    "ecs:UpdateClusterSettings",
    "ecs:UpdateService",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyListenerAttributes",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RemoveTags",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:ListInstanceProfilesForRole",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "logs:AssociateKmsKey",
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DisassociateKmsKey",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketLogging",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "sns:CreateTopic",
    "sns:DeleteTopic",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
    "sns:TagResource",
    "sns:Unsubscribe",
    "sns:UntagResource",
  ]

  nameless_actions = [
    "application-autoscaling:DeleteScalingPolicy",
    "application-autoscaling:DeregisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:RegisterScalableTarget",
    "application-autoscaling:TagResource",
    "application-autoscaling:UntagResource",
    "ecs:DeregisterTaskDefinition",
    "ecs:RegisterTaskDefinition",
  ]

  key_actions = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DisableKeyRotation",
    "kms:EnableKeyRotation",
    "kms:GenerateDataKey",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
  ]

  # The resources of an environment whose ARNs contain its name.
  named_resources = { for name, short in local.short_names : name => [
    "arn:aws:budgets::${local.account_id}:budget/${short}-*",
    "arn:aws:cloudwatch:${var.region}:${local.account_id}:alarm:${short}-*",
    "arn:aws:ecs:${var.region}:${local.account_id}:cluster/${short}",
    "arn:aws:ecs:${var.region}:${local.account_id}:service/${short}/*",
    "arn:aws:ecs:${var.region}:${local.account_id}:task-definition/${short}-*",
    "arn:aws:elasticloadbalancing:${var.region}:${local.account_id}:listener-rule/app/${short}/*",
    "arn:aws:elasticloadbalancing:${var.region}:${local.account_id}:listener/app/${short}/*",
    "arn:aws:elasticloadbalancing:${var.region}:${local.account_id}:loadbalancer/app/${short}/*",
    "arn:aws:elasticloadbalancing:${var.region}:${local.account_id}:targetgroup/${short}-*",
    "arn:aws:iam::${local.account_id}:role/${short}/*",
    "arn:aws:kms:${var.region}:${local.account_id}:alias/${short}",
    "arn:aws:logs:${var.region}:${local.account_id}:log-group:/${short}/*",
    "arn:aws:s3:::${short}-*",
    "arn:aws:sns:${var.region}:${local.account_id}:${short}-*",
  ] }

  deploy_statements = { for name, short in local.short_names : name => concat(local.read_statements[name], [
    {
      Sid      = "ChangeWhatBearsItsName"
      Effect   = "Allow"
      Action   = local.named_actions
      Resource = local.named_resources[name]
    },
    {
      Sid       = "MakeItsNetwork"
      Effect    = "Allow"
      Action    = local.network_create_actions
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    {
      Sid       = "ChangeItsNetwork"
      Effect    = "Allow"
      Action    = local.network_change_actions
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:ResourceTag/Stack" = local.stack_names[name] } }
    },
    {
      Sid       = "MakeItsKey"
      Effect    = "Allow"
      Action    = ["kms:CreateKey", "kms:TagResource"]
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:RequestTag/Stack" = local.stack_names[name] } }
    },
    {
      Sid       = "ChangeItsKey"
      Effect    = "Allow"
      Action    = concat(local.key_actions, ["kms:CreateAlias", "kms:DeleteAlias"])
      Resource  = ["arn:aws:kms:${var.region}:${local.account_id}:key/*"]
      Condition = { StringEquals = { "aws:ResourceTag/Stack" = local.stack_names[name] } }
    },
    {
      Sid       = "ScaleAndRegister" # these actions accept no resource
      Effect    = "Allow"
      Action    = local.nameless_actions
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    {
      Sid       = "MakeTheRolesThatServicesNeedOnce"
      Effect    = "Allow"
      Action    = ["iam:CreateServiceLinkedRole"]
      Resource  = ["arn:aws:iam::${local.account_id}:role/aws-service-role/*"]
      Condition = { StringEquals = { "iam:AWSServiceName" = ["ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com"] } }
    },
    {
      Sid       = "MakeRolesInsideTheBoundary"
      Effect    = "Allow"
      Action    = ["iam:CreateRole", "iam:PutRolePolicy"]
      Resource  = ["arn:aws:iam::${local.account_id}:role/${short}/*"]
      Condition = { StringEquals = { "iam:PermissionsBoundary" = aws_iam_policy.boundary.arn } }
    },
    {
      Sid       = "HandRolesToTheServiceOnly"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = ["arn:aws:iam::${local.account_id}:role/${short}/*"]
      Condition = { StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com", "vpc-flow-logs.amazonaws.com"] } }
    },
    {
      Sid      = "WriteItsState"
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = [local.state_keys[name]]
    },
    {
      Sid      = "LockItsState"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      Resource = ["${local.state_keys[name]}.tflock"]
    },
    {
      Sid      = "EncryptItsState"
      Effect   = "Allow"
      Action   = ["kms:GenerateDataKey"]
      Resource = [module.storage.kms_key_arn]
    },
    {
      Sid      = "KeepItsRecord"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["${module.storage.bucket_arns["state"]}/deployments/${name}/*"]
    },
    {
      Sid      = "CountTheCanarysAnswers" # metrics have no ARN
      Effect   = "Allow"
      Action   = ["cloudwatch:GetMetricData"]
      Resource = ["*"]
    },
    {
      Sid      = "LogInToTheRegistry"
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"]
    },
    {
      Sid    = "LookAtImages" # to verify signatures and read labels
      Effect = "Allow"
      Action = [
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:GetDownloadUrlForLayer",
      ]
      Resource = [module.registry.repository_arn]
    },
  ]) }
}
