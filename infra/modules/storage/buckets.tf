resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:Replication to another region is optional: it doubles the cost and moves data across borders
  #checkov:skip=CKV2_AWS_62:Nothing listens for events of these buckets
  for_each = var.buckets

  bucket = "${var.name}-${each.key}-${var.account_id}"
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    bucket_key_enabled = true # one KMS call per bucket, not per object

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each   = aws_s3_bucket.this
  depends_on = [aws_s3_bucket_versioning.this]

  bucket = each.value.id

  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.buckets[each.key].keep_old_versions_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = var.buckets[each.key].expire_after_days[*]

    content {
      id     = "expire"
      status = "Enabled"
      filter {}

      expiration {
        days = rule.value
      }
    }
  }
}

resource "aws_s3_bucket_logging" "this" {
  for_each   = aws_s3_bucket.this
  depends_on = [aws_s3_bucket_policy.logs] # S3 checks its permission to write there

  bucket        = each.value.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "buckets/${each.key}/"
}

resource "aws_s3_bucket_policy" "this" {
  for_each   = aws_s3_bucket.this
  depends_on = [aws_s3_bucket_public_access_block.this]

  bucket = each.value.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Resource = [each.value.arn, "${each.value.arn}/*"] })]
  })
}

locals {
  tls_only = {
    Sid       = "NeverWithoutTls"
    Effect    = "Deny"
    Principal = { AWS = "*" }
    Action    = "s3:*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}
