locals {
  deploys = { for name in var.environments : "deploy-${name}" => name }

  # Purpose -> the exact subjects that may assume its role. One role per purpose; no wildcards.
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
  max_session_duration = 7200 # as long as a deployment may take: if the credentials expire during an apply, its state is lost
  assume_role_policy   = jsonencode(local.trust_policies[each.key])
}

resource "aws_iam_role_policy" "github" {
  #checkov:skip=CKV_AWS_355:Only actions that accept no resource are allowed on "*"; the others require names or tags
  #checkov:skip=CKV_AWS_290:Network ARNs contain no names; these actions require the environment's tag
  #checkov:skip=CKV_AWS_286:Roles can be created only under the environment's path and with the permissions boundary
  #checkov:skip=CKV_AWS_289:See CKV_AWS_286
  for_each = local.policies

  name   = each.key
  role   = aws_iam_role.github[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
