mock_provider "aws" {
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:alarms" } }
}

variables {
  alarm_emails              = ["alarms@example.com"]
  budget_usd_per_month      = 100
  cost_tag                  = { key = "Stack", value = "model-test" }
  kms_key_arn               = "arn:aws:kms:eu-west-1:123456789012:key/abc"
  load_balancer_arn_suffix  = "app/test/1"
  name                      = "model-test"
  target_group_arn_suffixes = { stable = "targetgroup/stable/1", canary = "targetgroup/canary/1" }
}

run "errors_latency_and_unhealthy_tasks_of_each_track_are_watched_apart" {
  command = plan

  assert {
    condition     = alltrue([for alarms in [aws_cloudwatch_metric_alarm.latency, aws_cloudwatch_metric_alarm.unhealthy] : alarms["canary"].dimensions.TargetGroup == "targetgroup/canary/1" && alarms["stable"].dimensions.TargetGroup == "targetgroup/stable/1"])
    error_message = "An alarm watches the other track."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.errors) == 2
    error_message = "The errors of a track are not watched."
  }
}

run "a_stable_version_that_reports_nothing_raises_an_alarm" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.nobody_home.treat_missing_data == "breaching"
    error_message = "Silence passes for health."
  }
}

run "latency_is_told_to_cloudwatch_in_seconds" {
  command = plan
  variables { latency_p99_milliseconds = 200 }

  assert {
    condition     = aws_cloudwatch_metric_alarm.latency["stable"].threshold == 0.2
    error_message = "The threshold is not 0.2 seconds."
  }
}

run "the_budget_warns_before_and_when_it_is_spent" {
  command = plan

  assert {
    condition     = toset([for one in aws_budgets_budget.month.notification : "${one.notification_type} ${one.threshold}"]) == toset(["ACTUAL 80", "FORECASTED 100"])
    error_message = "The budget's warnings are others."
  }
}

run "every_alarm_is_named_to_the_deploy" {
  command = plan

  assert {
    condition     = length(output.alarm_names.stable) == 4 && length(output.alarm_names.canary) == 3
    error_message = "The deploy does not know every alarm."
  }
}

run "an_address_that_is_none_is_refused" {
  command = plan
  variables { alarm_emails = ["the team"] }
  expect_failures = [var.alarm_emails]
}

run "a_budget_of_nothing_is_refused" {
  command = plan
  variables { budget_usd_per_month = 0 }
  expect_failures = [var.budget_usd_per_month]
}

run "an_error_share_above_all_is_refused" {
  command = plan
  variables { error_percent = 101 }
  expect_failures = [var.error_percent]
}

run "a_latency_of_nothing_is_refused" {
  command = plan
  variables { latency_p99_milliseconds = 0 }
  expect_failures = [var.latency_p99_milliseconds]
}

run "a_name_too_long_is_refused" {
  command = plan
  variables { name = "a-name-of-more-than-24-letters" }
  expect_failures = [var.name]
}

run "a_missing_track_is_refused" {
  command = plan
  variables { target_group_arn_suffixes = { stable = "targetgroup/stable/1" } }
  expect_failures = [var.target_group_arn_suffixes]
}
