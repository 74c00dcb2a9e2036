output "bucket_arns" {
  description = "Purpose -> ARN of its bucket."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.arn }
}

output "bucket_names" {
  description = "Purpose -> name of its bucket."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.id }
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts the data of this environment."
  value       = aws_kms_key.this.arn
}

output "log_bucket_name" {
  description = "Name of the bucket for access logs, after its policy allows them."
  value       = aws_s3_bucket_policy.logs.bucket
}
