output "repository_arn" {
  description = "ARN of the repository, for the policy of the role that pushes."
  value       = aws_ecr_repository.this.arn
}

output "repository_url" {
  description = "Address of the repository; with @sha256:... behind it, an image that can be deployed."
  value       = aws_ecr_repository.this.repository_url
}
