locals {
  deploys = { for name in var.environments : "deploy-${name}" => name }

  # Purpose -> the exact subjects that may assume its role. One role a purpose, no wildcard anywhere.
  subjects = merge(
    {
      plan       = ["${local.repository}:environment:plan", "${local.repository}:pull_request"]
      image-push = ["${local.repository}:ref:refs/heads/${var.release_branch}"]
    },
    { for purpose, name in local.deploys : purpose => ["${local.repository}:environment:${name}"] },
  )

  policies = merge(
    { plan = local.plan_statements, image-push = local.image_push_statements },
    { for purpose, name in local.deploys : purpose => local.deploy_statements[name] },
  )

  trust_policies = { for purpose, subjects in local.subjects : purpose => {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.oidc_provider_arn }
      Condition = {
        StringEquals = {
          "${local.issuer}:aud"           = "sts.amazonaws.com"
          "${local.issuer}:repository_id" = var.github_repository_id
          "${local.issuer}:sub"           = subjects
        }
      }
    }]
  } }
}

resource "aws_iam_role" "github" {
  for_each = local.subjects

  name                 = "${local.project}-${each.key}"
  description          = "GitHub Actions of ${var.github_owner}/${var.github_repository}: ${each.key}"
  max_session_duration = 7200 # as long as a deployment may last: keys that end in an apply lose its state
  assume_role_policy   = jsonencode(local.trust_policies[each.key])
}

resource "aws_iam_role_policy" "github" {
  #checkov:skip=CKV_AWS_355:Only actions that know no resource are allowed on "*"; the rest is bound to names and tags
  #checkov:skip=CKV_AWS_290:Networks have no names to bind to; they are bound to the environment's tag
  #checkov:skip=CKV_AWS_286:Roles can be made only under the environment's path and inside the permissions boundary
  #checkov:skip=CKV_AWS_289:As above
  for_each = local.policies

  name   = each.key
  role   = aws_iam_role.github[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
