mock_provider "aws" {}

variables {
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/abc"
  name        = "merge-lane"
}

run "a_tag_can_never_mean_two_images" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "Tags can be moved."
  }
}

run "images_are_scanned_and_encrypted_with_the_given_key" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push && aws_ecr_repository.this.encryption_configuration[0].kms_key == var.kms_key_arn
    error_message = "Images are not scanned, or not encrypted with the key."
  }
}

run "so_many_images_are_kept_that_a_revert_finds_its_own" {
  command = plan

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[1].selection.countNumber == 200
    error_message = "The policy keeps another number of images than asked for."
  }
}

run "keeping_hardly_any_image_is_refused" {
  command = plan
  variables { image_count_to_keep = 3 }
  expect_failures = [var.image_count_to_keep]
}

run "a_name_with_capitals_is_refused" {
  command = plan
  variables { name = "Merge" }
  expect_failures = [var.name]
}

run "removing_untagged_images_at_once_is_refused" {
  command = plan
  variables { untagged_days_to_keep = 0 }
  expect_failures = [var.untagged_days_to_keep]
}
