output "backend" {
  description = "Settings of the state's bucket, as -backend-config of each environment wants them."
  value = {
    bucket     = module.storage.bucket_names["state"]
    kms_key_id = module.storage.kms_key_arn
    region     = var.region
  }
}

output "permissions_boundary_arn" {
  description = "Boundary that each environment gives to the roles that it makes."
  value       = aws_iam_policy.boundary.arn
}

output "repository_url" {
  description = "Where images are pushed to."
  value       = module.registry.repository_url
}

output "role_arns" {
  description = "Purpose -> role that its workflow assumes."
  value       = { for purpose, role in aws_iam_role.github : purpose => role.arn }
}

output "subjects" {
  description = "Purpose -> the subjects of GitHub's token that may assume its role."
  value       = local.subjects
}
