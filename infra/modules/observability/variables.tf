variable "alarm_emails" {
  description = "E-mail addresses that receive the alarms and the budget's warnings; each has to confirm once."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "alarm_emails must hold e-mail addresses."
  }
}

variable "budget_usd_per_month" {
  description = "Monthly budget of this environment in US dollars. Warnings are sent at 80% spent and at 100% forecast."
  type        = number
  nullable    = false

  validation {
    condition     = var.budget_usd_per_month > 0
    error_message = "budget_usd_per_month must be above 0."
  }
}

variable "cost_tag" {
  description = "Key and value of the tag on all costs of this environment (activate the key as a cost allocation tag)."
  type        = object({ key = string, value = string })
  nullable    = false
}

variable "error_percent" {
  description = "Share of server errors in a track's responses above which an alarm fires, in percent."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.error_percent > 0 && var.error_percent <= 100
    error_message = "error_percent must be above 0 and at most 100."
  }
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts the alarms' topic."
  type        = string
  nullable    = false
}

variable "latency_p99_milliseconds" {
  description = "99th percentile of a track's response time above which an alarm fires."
  type        = number
  default     = 250
  nullable    = false

  validation {
    condition     = var.latency_p99_milliseconds >= 1
    error_message = "latency_p99_milliseconds must be at least 1."
  }
}

variable "load_balancer_arn_suffix" {
  description = "ARN suffix of the load balancer: its name in CloudWatch."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Prefix of every resource name, such as merge-lane-staging."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 24 lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "target_group_arn_suffixes" {
  description = "Track (stable, canary) -> ARN suffix of its target group: its name in CloudWatch."
  type        = map(string)
  nullable    = false

  validation {
    condition     = toset(keys(var.target_group_arn_suffixes)) == toset(["stable", "canary"])
    error_message = "target_group_arn_suffixes must have exactly the keys stable and canary."
  }
}
