output "backend" {
  description = "Where the state is: the values of -backend-config for each environment."
  value = {
    bucket     = module.storage.bucket_names["state"]
    kms_key_id = module.storage.kms_key_arn
    region     = var.region
  }
}

output "permissions_boundary_arn" {
  description = "Permissions boundary that each environment sets on the roles that it creates."
  value       = aws_iam_policy.boundary.arn
}

output "repository_url" {
  description = "URL of the repository that images are pushed to."
  value       = module.registry.repository_url
}

output "role_arns" {
  description = "Purpose -> ARN of the role that its workflow assumes."
  value       = { for purpose, role in aws_iam_role.github : purpose => role.arn }
}

output "subjects" {
  description = "Purpose -> subjects of GitHub's token that may assume its role."
  value       = local.subjects
}
