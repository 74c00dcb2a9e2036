variable "environments" {
  description = "Environments in this account. Each gets a role that can deploy this environment only."
  type        = set(string)
  default     = ["staging", "production"]
  nullable    = false

  validation {
    condition     = length(var.environments) > 0 && alltrue([for name in var.environments : can(regex("^[a-z][a-z0-9]{1,11}$", name))])
    error_message = "environments must hold names of 2 to 12 lower-case letters and digits: they become part of a trust policy's subject."
  }
}

variable "github_immutable_subjects" {
  description = "Whether GitHub names the repository with its ids in the token's subject: true for repositories created or renamed since 2026-07-15. Older repositories need false until they opt in."
  type        = bool
  default     = true
  nullable    = false
}

variable "github_owner" {
  description = "Owner of the repository, as GitHub spells it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?$", var.github_owner))
    error_message = "github_owner must be one account's name: letters, digits and hyphens. A wildcard would give strangers access."
  }
}

variable "github_owner_id" {
  description = "Id of the owner (gh api users/OWNER --jq .id). Somebody else can take the name, never the id."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*$", var.github_owner_id))
    error_message = "github_owner_id must be digits only."
  }
}

variable "github_repository" {
  description = "Name of the repository without its owner, as GitHub spells it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,100}$", var.github_repository))
    error_message = "github_repository must be one repository's name: letters, digits, dots, hyphens and underscores. A wildcard would give strangers access."
  }
}

variable "github_repository_id" {
  description = "Id of the repository (gh api repos/OWNER/NAME --jq .id)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*$", var.github_repository_id))
    error_message = "github_repository_id must be digits only."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of GitHub's OIDC provider if the account already has one (AWS allows one per account); null to create it."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be the ARN of the provider token.actions.githubusercontent.com."
  }
}

variable "region" {
  description = "AWS region of the state, the images and the environments."
  type        = string
  nullable    = false
}

variable "release_branch" {
  description = "Only workflows of this branch can push images."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.release_branch))
    error_message = "release_branch must be one branch's name. A wildcard would let any branch push the image that production runs."
  }
}
