mock_provider "aws" {}

variables {
  account_id = "123456789012"
  buckets    = { predictions = { expire_after_days = 400 }, state = {} }
  name       = "model-test"
  region     = "eu-west-1"
}

run "no_bucket_can_be_made_public" {
  command = plan

  assert {
    condition = alltrue([
      for block in concat(values(aws_s3_bucket_public_access_block.this), [aws_s3_bucket_public_access_block.logs]) :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "A bucket can be made public."
  }

  assert {
    condition     = toset(keys(aws_s3_bucket_public_access_block.this)) == toset(keys(var.buckets))
    error_message = "A bucket has no block against public access."
  }
}

run "every_bucket_is_encrypted_with_the_key_of_its_environment" {
  command = plan

  assert {
    condition = alltrue([
      for bucket in values(aws_s3_bucket_server_side_encryption_configuration.this) :
      one(bucket.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    ])
    error_message = "A bucket is not encrypted with KMS."
  }
}

run "nothing_is_answered_without_tls" {
  command = apply

  assert {
    condition = alltrue([
      for policy in values(aws_s3_bucket_policy.this) :
      jsondecode(policy.policy).Statement[0].Effect == "Deny" && jsondecode(policy.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"
    ])
    error_message = "A bucket answers in the clear."
  }
}

run "what_was_replaced_can_be_brought_back" {
  command = plan

  assert {
    condition     = alltrue([for one in values(aws_s3_bucket_versioning.this) : one.versioning_configuration[0].status == "Enabled"])
    error_message = "A bucket keeps no versions."
  }
}

run "the_key_is_rotated" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key is never rotated."
  }
}

run "a_bucket_for_logs_of_its_own_is_refused" {
  command = plan
  variables { buckets = { logs = {} } }
  expect_failures = [var.buckets]
}

run "a_purpose_that_cannot_be_part_of_a_name_is_refused" {
  command = plan
  variables { buckets = { "My Data" = {} } }
  expect_failures = [var.buckets]
}

run "keeping_objects_for_no_day_is_refused" {
  command = plan
  variables { buckets = { predictions = { expire_after_days = 0 } } }
  expect_failures = [var.buckets]
}

run "an_account_that_is_no_number_is_refused" {
  command = plan
  variables { account_id = "mine" }
  expect_failures = [var.account_id]
}

run "logs_kept_for_a_week_are_refused" {
  command = plan
  variables { log_retention_days = 7 }
  expect_failures = [var.log_retention_days]
}

run "a_name_too_long_is_refused" {
  command = plan
  variables { name = "a-name-of-more-than-24-letters" }
  expect_failures = [var.name]
}

run "a_region_that_is_none_is_refused" {
  command = plan
  variables { region = "Ireland" }
  expect_failures = [var.region]
}
