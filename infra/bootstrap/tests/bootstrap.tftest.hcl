mock_provider "aws" {
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_resource "aws_iam_openid_connect_provider" { defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" } }
  mock_resource "aws_iam_policy" { defaults = { arn = "arn:aws:iam::123456789012:policy/boundary" } }
}

variables {
  github_owner         = "Octo-Org"
  github_owner_id      = "123"
  github_repository    = "model"
  github_repository_id = "456"
  region               = "eu-west-1"
}

run "each_purpose_has_a_role_and_an_exact_subject" {
  command = plan

  assert {
    condition = output.subjects == {
      deploy-production = ["repo:Octo-Org@123/model@456:environment:production"]
      deploy-staging    = ["repo:Octo-Org@123/model@456:environment:staging"]
      image-push        = ["repo:Octo-Org@123/model@456:ref:refs/heads/main"]
      plan              = ["repo:Octo-Org@123/model@456:environment:plan", "repo:Octo-Org@123/model@456:pull_request"]
    }
    error_message = "A subject is another than it must be."
  }
}

run "old_repositories_keep_the_old_subjects_and_are_still_held_to_their_number" {
  command = apply
  variables { github_immutable_subjects = false }

  assert {
    condition     = output.subjects["deploy-production"] == ["repo:Octo-Org/model:environment:production"]
    error_message = "The old form is another."
  }

  assert {
    condition     = jsondecode(aws_iam_role.github["deploy-production"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:repository_id"] == "456"
    error_message = "A repository that took over the name could deploy."
  }
}

run "no_trust_policy_holds_a_wildcard_or_a_pattern" {
  command = apply

  assert {
    condition     = !anytrue([for role in values(aws_iam_role.github) : can(regex("[*?]|Like", role.assume_role_policy))])
    error_message = "A trust policy lets in more than one subject."
  }
}

run "an_account_that_knows_github_already_gets_no_second_provider" {
  command = plan
  variables { oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "AWS would refuse the second provider."
  }
}

run "every_policy_fits_into_a_role" {
  command = apply

  assert {
    condition     = alltrue([for policy in values(aws_iam_role_policy.github) : length(policy.policy) <= 10240])
    error_message = "A role's policies may have 10,240 letters together."
  }
}

run "an_owner_with_a_wildcard_is_refused" {
  command = plan
  variables { github_owner = "Octo*" }
  expect_failures = [var.github_owner]
}

run "an_owner_id_that_is_no_number_is_refused" {
  command = plan
  variables { github_owner_id = "*" }
  expect_failures = [var.github_owner_id]
}

run "a_repository_with_a_wildcard_is_refused" {
  command = plan
  variables { github_repository = "*" }
  expect_failures = [var.github_repository]
}

run "a_repository_id_that_is_no_number_is_refused" {
  command = plan
  variables { github_repository_id = "any" }
  expect_failures = [var.github_repository_id]
}

run "an_environment_with_a_wildcard_is_refused" {
  command = plan
  variables { environments = ["*"] }
  expect_failures = [var.environments]
}

run "a_branch_with_a_wildcard_is_refused" {
  command = plan
  variables { release_branch = "release/*" }
  expect_failures = [var.release_branch]
}

run "a_provider_of_somebody_else_is_refused" {
  command = plan
  variables { oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/evil.example" }
  expect_failures = [var.oidc_provider_arn]
}
