# Values are validated in infra/modules; only environment and project are validated here.

variable "alarm_emails" {
  description = "E-mail addresses that receive the alarms and the budget's warnings."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "availability_zones" {
  description = "At least two availability zones of the region."
  type        = list(string)
  nullable    = false
}

variable "budget_usd_per_month" {
  description = "Monthly budget of this environment in US dollars."
  type        = number
  nullable    = false
}

variable "canary_image" {
  description = "Image of the canary by digest; null for no canary. Set by the deployment."
  type        = string
  default     = null
}

variable "canary_task_count" {
  description = "Minimum number of canary tasks while there is a canary; null for the module's default."
  type        = number
  default     = null
}

variable "canary_weight_percent" {
  description = "Share of the traffic that the canary gets, in percent. Set by the deployment."
  type        = number
  default     = 0
  nullable    = false
}

variable "certificate_arn" {
  description = "ARN of the certificate of the HTTPS listener."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the load balancer."
  type        = bool
  default     = true
  nullable    = false
}

variable "environment" {
  description = "Name of this environment, such as staging. Set by infra/terraform."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment must be 2 to 12 lower-case letters and digits, starting with a letter."
  }
}

variable "environment_variables" {
  description = "Environment variables of the server, name -> value. No secrets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "error_percent" {
  description = "Share of server errors above which an alarm fires, in percent; null for the module's default."
  type        = number
  default     = null
}

variable "ingress_cidrs" {
  description = "Address ranges that may reach the API; null for everyone."
  type        = set(string)
  default     = null
}

variable "latency_p99_milliseconds" {
  description = "99th percentile of the response time above which an alarm fires; null for the module's default."
  type        = number
  default     = null
}

variable "max_task_count" {
  description = "Maximum number of stable tasks."
  type        = number
  nullable    = false
}

variable "min_task_count" {
  description = "Minimum number of stable tasks."
  type        = number
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role in this environment, an output of infra/bootstrap; null for none. The deploy role cannot create a role without it."
  type        = string
  default     = null
}

variable "project" {
  description = "Name of the project."
  type        = string
  default     = "merge-lane"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.project))
    error_message = "project must be two or more lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen."
  }
}

variable "region" {
  description = "AWS region of this environment, such as eu-west-1."
  type        = string
  nullable    = false
}

variable "requests_per_task_per_minute" {
  description = "Requests per minute and task above which the stable service adds a task; null for the module's default."
  type        = number
  default     = null
}

variable "secrets" {
  description = "Name of an environment variable -> ARN of the secret that holds its value."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "stable_image" {
  description = "Image of the stable version by digest. Set by the deployment."
  type        = string
  nullable    = false
}

variable "steady_state_timeout_seconds" {
  description = "Seconds that a service has to become steady before the apply fails; null for the module's default."
  type        = number
  default     = null
}

variable "vpc_cidr" {
  description = "Address range of the network; null for the module's default."
  type        = string
  default     = null
}
