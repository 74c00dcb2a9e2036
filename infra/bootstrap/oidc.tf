locals {
  issuer            = "token.actions.githubusercontent.com"
  oidc_provider_arn = var.oidc_provider_arn == null ? aws_iam_openid_connect_provider.github[0].arn : var.oidc_provider_arn

  # Ids are never reused; somebody else can take the name of a renamed or deleted account or repository.
  repository_by_id   = "repo:${var.github_owner}@${var.github_owner_id}/${var.github_repository}@${var.github_repository_id}"
  repository_by_name = "repo:${var.github_owner}/${var.github_repository}"
  repository         = var.github_immutable_subjects ? local.repository_by_id : local.repository_by_name
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.oidc_provider_arn == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}
