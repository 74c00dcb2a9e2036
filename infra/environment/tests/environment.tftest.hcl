mock_provider "aws" {
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
}

variables {
  alarm_emails         = ["alarms@example.com"]
  availability_zones   = ["eu-west-1a", "eu-west-1b"]
  budget_usd_per_month = 100
  certificate_arn      = "arn:aws:acm:eu-west-1:123456789012:certificate/abc"
  environment          = "production"
  max_task_count       = 4
  min_task_count       = 2
  project              = "merge-lane"
  region               = "eu-west-1"
  stable_image         = "ghcr.io/owner/merge-lane@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "the_same_image_can_be_stable_without_a_canary" {
  command = plan

  assert {
    condition     = output.stable_image == var.stable_image && output.canary_image == null
    error_message = "The images are others than asked for."
  }
}

run "a_project_with_a_long_name_still_fits_into_a_load_balancers_name" {
  command = plan
  variables { project = "a-project-with-a-30-letter-name" }

  assert {
    condition     = length(output.name) <= 24 && startswith(output.name, "a-project-with-a-")
    error_message = "The name is not cut to at most 24 letters."
  }
}

run "a_project_of_two_letters_is_taken" {
  command = plan
  variables { project = "ab" }

  assert {
    condition     = output.name == "ab-production"
    error_message = "A short name was changed."
  }
}

run "two_long_names_that_begin_alike_stay_apart" {
  command = plan
  variables { project = "a-project-with-a-30-letter-nama" }

  assert {
    condition     = output.name != run.a_project_with_a_long_name_still_fits_into_a_load_balancers_name.name
    error_message = "Two projects would share their names."
  }
}

run "an_environment_with_capitals_is_refused" {
  command = plan
  variables { environment = "Production" }
  expect_failures = [var.environment]
}

run "a_project_with_spaces_is_refused" {
  command = plan
  variables { project = "two words" }
  expect_failures = [var.project]
}
