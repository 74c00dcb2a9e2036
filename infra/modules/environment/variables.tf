variable "alarm_emails" {
  description = "Addresses that are written to when an alarm fires or the budget is nearly spent."
  type        = set(string)
  nullable    = false
}

variable "availability_zones" {
  description = "At least two zones of the region."
  type        = list(string)
  nullable    = false
}

variable "budget_usd_per_month" {
  description = "What this environment may cost a month, in US dollars."
  type        = number
  nullable    = false
}

variable "canary_image" {
  description = "Image of the canary by digest; null when nothing is being tried out."
  type        = string
  default     = null
}

variable "canary_task_count" {
  description = "Tasks of the canary at least, while there is one."
  type        = number
  default     = 1
  nullable    = false
}

variable "canary_weight_percent" {
  description = "Share of the traffic that the canary takes, in percent."
  type        = number
  default     = 0
  nullable    = false
}

variable "certificate_arn" {
  description = "Certificate of the HTTPS listener."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "environment" {
  description = "What this environment is called: staging, production."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment must be 2 to 12 lower-case letters and digits."
  }
}

variable "environment_variables" {
  description = "Plain settings of the server, name -> value. Nothing secret."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "error_percent" {
  description = "Share of answers that may be server errors before an alarm fires, in percent."
  type        = number
  default     = 1
  nullable    = false
}

variable "ingress_cidrs" {
  description = "Addresses that may reach the API."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false
}

variable "latency_p99_milliseconds" {
  description = "99th percentile of the response time above which an alarm fires."
  type        = number
  default     = 250
  nullable    = false
}

variable "max_task_count" {
  description = "Tasks of the stable service at most."
  type        = number
  nullable    = false
}

variable "min_task_count" {
  description = "Tasks of the stable service at least."
  type        = number
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role made here; an output of infra/bootstrap. null for none."
  type        = string
  default     = null
}

variable "project" {
  description = "Name of the project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.project))
    error_message = "project must be two or more lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "region" {
  description = "Region of everything here."
  type        = string
  nullable    = false
}

variable "requests_per_task_per_minute" {
  description = "Requests a minute that one task is meant to serve."
  type        = number
  default     = 6000
  nullable    = false
}

variable "secrets" {
  description = "Name of an environment variable -> ARN of the secret."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "stable_image" {
  description = "Image of the stable version by digest."
  type        = string
  nullable    = false
}

variable "steady_state_timeout_seconds" {
  description = "Seconds in which a service must be steady before the apply fails."
  type        = number
  default     = 900
  nullable    = false
}

variable "vpc_cidr" {
  description = "Address range of the network."
  type        = string
  default     = "10.20.0.0/16"
  nullable    = false
}
