# Access logs of the load balancer and of the other buckets. Load balancers can write only to a bucket with S3's own encryption key.
resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV_AWS_18:A bucket of access logs that logs itself would grow for ever
  #checkov:skip=CKV_AWS_144:Access logs need no copy in another region
  #checkov:skip=CKV_AWS_145:Load balancers cannot write to a bucket with a KMS key
  #checkov:skip=CKV2_AWS_62:Nothing listens for events of this bucket
  bucket = "${var.name}-logs-${var.account_id}"
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  depends_on = [aws_s3_bucket_versioning.logs]

  bucket = aws_s3_bucket.logs.id

  rule {
    id     = "expire"
    status = "Enabled"
    filter {}

    expiration {
      days = var.log_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  depends_on = [aws_s3_bucket_public_access_block.logs]

  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat([local.logs_tls_only], local.log_deliveries) })
}

locals {
  logs_arn      = aws_s3_bucket.logs.arn
  logs_tls_only = merge(local.tls_only, { Resource = [local.logs_arn, "${local.logs_arn}/*"] })

  log_deliveries = [
    {
      Sid       = "OtherBuckets"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.logs_arn}/buckets/*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    },
    {
      Sid       = "LoadBalancersOfThisEnvironment"
      Effect    = "Allow"
      Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.logs_arn}/load-balancer/AWSLogs/${var.account_id}/*"
      Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:elasticloadbalancing:${var.region}:${var.account_id}:loadbalancer/app/${var.name}/*" } }
    },
  ]
}
