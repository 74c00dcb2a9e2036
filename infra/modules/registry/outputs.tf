output "repository_arn" {
  description = "ARN of the repository, for the policy of the role that pushes images."
  value       = aws_ecr_repository.this.arn
}

output "repository_url" {
  description = "URL of the repository; append @sha256:... for an image that can be deployed."
  value       = aws_ecr_repository.this.repository_url
}
