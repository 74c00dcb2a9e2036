output "bucket_arns" {
  description = "Purpose -> ARN of its bucket."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.arn }
}

output "bucket_names" {
  description = "Purpose -> name of its bucket."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.id }
}

output "kms_key_arn" {
  description = "Key that encrypts what this environment keeps."
  value       = aws_kms_key.this.arn
}

output "log_bucket_name" {
  description = "Bucket of the access logs, once it takes them."
  value       = aws_s3_bucket_policy.logs.bucket
}
