mock_provider "aws" {
  # Names that AWS checks the shape of; a made-up one would be refused before the plan.
  mock_resource "aws_lb" { defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/test/0123456789abcdef" } }
  mock_resource "aws_lb_target_group" { defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/test/0123456789abcdef" } }
  mock_resource "aws_lb_listener" { defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/test/0123456789abcdef/0123456789abcdef" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/test" } }
  mock_resource "aws_cloudwatch_log_group" { defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:test" } }
}

variables {
  access_log_bucket_name = "merge-lane-test-logs"
  certificate_arn        = "arn:aws:acm:eu-west-1:123456789012:certificate/abc"
  kms_key_arn            = "arn:aws:kms:eu-west-1:123456789012:key/abc"
  max_task_count         = 6
  min_task_count         = 3
  name                   = "model-test"
  prediction_bucket_arn  = "arn:aws:s3:::merge-lane-test-predictions"
  private_subnet_ids     = ["subnet-1", "subnet-2"]
  public_subnet_ids      = ["subnet-3", "subnet-4"]
  region                 = "eu-west-1"
  s3_prefix_list_id      = "pl-1"
  stable_image           = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/merge-lane@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  vpc_cidr               = "10.20.0.0/16"
  vpc_id                 = "vpc-1"
}

run "without_a_canary_there_is_no_canary_service_and_no_traffic_for_it" {
  command = plan

  assert {
    condition     = length(aws_ecs_service.canary) == 0 && toset([for group in aws_lb_listener_rule.traffic.action[0].forward[0].target_group : group.weight]) == toset([100, 0])
    error_message = "There is a canary that nobody asked for."
  }
}

run "a_canary_takes_its_share_and_stable_the_rest" {
  command = plan

  variables {
    canary_image          = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/merge-lane@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    canary_weight_percent = 10
  }

  assert {
    condition     = toset([for group in aws_lb_listener_rule.traffic.action[0].forward[0].target_group : group.weight]) == toset([90, 10])
    error_message = "The weights are not 90 and 10."
  }

  assert {
    condition     = aws_ecs_service.canary[0].desired_count == 1
    error_message = "A small canary runs more than one task."
  }
}

run "a_canary_that_takes_all_traffic_has_as_many_tasks_as_stable_needs" {
  command = plan

  variables {
    canary_image          = "ghcr.io/owner/merge-lane@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    canary_weight_percent = 100
  }

  assert {
    condition     = aws_ecs_service.canary[0].desired_count == var.min_task_count
    error_message = "The canary is too small for all the traffic."
  }
}

run "the_server_runs_as_nobody_on_a_root_that_cannot_be_written" {
  command = apply

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].readonlyRootFilesystem && jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].user == "10001:10001"
    error_message = "The server is root, or can write its root."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].linuxParameters.capabilities.drop == ["ALL"]
    error_message = "The server keeps capabilities of the kernel."
  }
}

run "a_secret_goes_by_reference_and_only_it_can_be_read" {
  command = apply
  variables { secrets = { API_KEY = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:merge-lane/api-abc:key::" } }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["stable"].container_definitions)[0].secrets[0].valueFrom == "arn:aws:secretsmanager:eu-west-1:123456789012:secret:merge-lane/api-abc:key::"
    error_message = "The secret's reference is lost."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.execution.policy).Statement[3].Resource == ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:merge-lane/api-abc"]
    error_message = "More secrets can be read than the one that was named."
  }
}

run "only_the_repository_of_the_image_can_be_pulled_from" {
  command = apply

  assert {
    condition     = jsondecode(aws_iam_role_policy.execution.policy).Statement[1].Resource == ["arn:aws:ecr:eu-west-1:123456789012:repository/merge-lane"]
    error_message = "Other repositories can be pulled from."
  }
}

run "a_rollback_by_ecs_and_the_wait_for_a_steady_state_are_on" {
  command = plan

  assert {
    condition     = aws_ecs_service.stable.wait_for_steady_state && aws_ecs_service.stable.deployment_circuit_breaker[0].rollback
    error_message = "A version that does not start would take the traffic."
  }
}

run "http_only_redirects_and_https_speaks_modern_tls" {
  command = plan

  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && startswith(aws_lb_listener.https.ssl_policy, "ELBSecurityPolicy-TLS13")
    error_message = "The API answers in the clear, or in an old TLS."
  }
}

run "metrics_are_hidden_from_the_world" {
  command = plan

  assert {
    condition     = aws_lb_listener_rule.hidden.priority < aws_lb_listener_rule.traffic.priority && aws_lb_listener_rule.hidden.action[0].fixed_response[0].status_code == "404"
    error_message = "/metrics can be read by everybody."
  }
}

run "an_image_by_tag_is_refused" {
  command = plan
  variables { stable_image = "ghcr.io/owner/merge-lane:latest" }
  expect_failures = [var.stable_image]
}

run "a_canary_by_tag_is_refused" {
  command = plan
  variables { canary_image = "ghcr.io/owner/merge-lane:latest" }
  expect_failures = [var.canary_image]
}

run "traffic_for_a_canary_that_is_not_there_is_refused" {
  command = plan
  variables { canary_weight_percent = 10 }
  expect_failures = [var.canary_weight_percent]
}

run "more_than_all_traffic_is_refused" {
  command = plan

  variables {
    canary_image          = "ghcr.io/owner/merge-lane@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    canary_weight_percent = 101
  }

  expect_failures = [var.canary_weight_percent]
}

run "a_canary_of_no_task_is_refused" {
  command = plan
  variables { canary_task_count = 0 }
  expect_failures = [var.canary_task_count]
}

run "a_certificate_that_is_none_is_refused" {
  command = plan
  variables { certificate_arn = "my-certificate" }
  expect_failures = [var.certificate_arn]
}

run "a_size_that_fargate_does_not_offer_is_refused" {
  command = plan
  variables { cpu_units = 300 }
  expect_failures = [var.cpu_units]
}

run "too_little_memory_for_the_cpu_is_refused" {
  command = plan
  variables { memory_mib = 512 }
  expect_failures = [var.memory_mib]
}

run "requests_that_are_cut_off_at_once_are_refused" {
  command = plan
  variables { drain_seconds = 0 }
  expect_failures = [var.drain_seconds]
}

run "a_secret_among_the_plain_settings_is_refused" {
  command = plan
  variables { environment_variables = { DB_PASSWORD = "hunter2" } }
  expect_failures = [var.environment_variables]
}

run "a_secret_by_value_is_refused" {
  command = plan
  variables { secrets = { API_KEY = "hunter2" } }
  expect_failures = [var.secrets]
}

run "addresses_that_are_none_are_refused" {
  command = plan
  variables { ingress_cidrs = ["everybody"] }
  expect_failures = [var.ingress_cidrs]
}

run "a_retention_that_cloudwatch_does_not_offer_is_refused" {
  command = plan
  variables { log_retention_days = 33 }
  expect_failures = [var.log_retention_days]
}

run "fewer_tasks_at_most_than_at_least_are_refused" {
  command = plan
  variables { max_task_count = 1 }
  expect_failures = [var.max_task_count]
}

run "no_task_at_all_is_refused" {
  command = plan
  variables { min_task_count = 0 }
  expect_failures = [var.min_task_count]
}

run "a_name_too_long_for_a_target_group_is_refused" {
  command = plan
  variables { name = "a-name-of-more-than-24-letters" }
  expect_failures = [var.name]
}

run "a_task_for_hardly_any_request_is_refused" {
  command = plan
  variables { requests_per_task_per_minute = 1 }
  expect_failures = [var.requests_per_task_per_minute]
}

run "waiting_for_ever_is_refused" {
  command = plan
  variables { steady_state_timeout_seconds = 86400 }
  expect_failures = [var.steady_state_timeout_seconds]
}
