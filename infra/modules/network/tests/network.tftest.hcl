mock_provider "aws" {}

variables {
  availability_zones = ["eu-west-1a", "eu-west-1b"]
  kms_key_arn        = "arn:aws:kms:eu-west-1:123456789012:key/abc"
  name               = "model-test"
  region             = "eu-west-1"
}

run "each_zone_has_a_public_and_a_private_subnet_of_its_own" {
  command = plan

  assert {
    condition     = toset([for subnet in aws_subnet.public : subnet.availability_zone]) == toset(var.availability_zones)
    error_message = "A zone has no public subnet."
  }

  assert {
    condition     = length(distinct([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.cidr_block])) == 4
    error_message = "Two subnets share their addresses."
  }
}

run "no_subnet_gives_out_public_addresses" {
  command = plan

  assert {
    condition     = !anytrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.map_public_ip_on_launch == true])
    error_message = "A subnet gives its tasks public addresses."
  }
}

run "the_endpoints_answer_only_https_from_inside" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == var.vpc_cidr && aws_vpc_security_group_ingress_rule.endpoints.to_port == 443
    error_message = "The endpoints can be reached from elsewhere."
  }
}

run "all_traffic_is_logged_and_the_log_is_encrypted" {
  command = plan

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.kms_key_id == var.kms_key_arn
    error_message = "Traffic goes unlogged, or its log is in the clear."
  }
}

run "one_zone_is_refused" {
  command = plan
  variables { availability_zones = ["eu-west-1a"] }
  expect_failures = [var.availability_zones]
}

run "the_same_zone_twice_is_refused" {
  command = plan
  variables { availability_zones = ["eu-west-1a", "eu-west-1a"] }
  expect_failures = [var.availability_zones]
}

run "five_zones_are_refused" {
  command = plan
  variables { availability_zones = ["a", "b", "c", "d", "e"] }
  expect_failures = [var.availability_zones]
}

run "a_retention_that_cloudwatch_does_not_offer_is_refused" {
  command = plan
  variables { flow_log_retention_days = 33 }
  expect_failures = [var.flow_log_retention_days]
}

run "endpoints_without_which_no_task_starts_are_asked_for" {
  command = plan
  variables { interface_endpoints = ["logs"] }
  expect_failures = [var.interface_endpoints]
}

run "a_name_too_long_for_a_target_group_is_refused" {
  command = plan
  variables { name = "a-name-of-more-than-24-letters" }
  expect_failures = [var.name]
}

run "a_region_that_is_none_is_refused" {
  command = plan
  variables { region = "Ireland" }
  expect_failures = [var.region]
}

run "a_network_too_small_for_its_subnets_is_refused" {
  command = plan
  variables { vpc_cidr = "10.0.0.0/24" }
  expect_failures = [var.vpc_cidr]
}
