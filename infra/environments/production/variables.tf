# What may be said is checked where it is used, in infra/modules.

variable "alarm_emails" {
  description = "Addresses that are written to when an alarm fires or the budget is nearly spent."
  type        = set(string)
  default     = []
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
  description = "Image of the canary by digest; null when nothing is being tried out. Set by the deploy."
  type        = string
  default     = null
}

variable "canary_task_count" {
  description = "Tasks of the canary at least, while there is one; null for the module's default."
  type        = number
  default     = null
}

variable "canary_weight_percent" {
  description = "Share of the traffic that the canary takes, in percent. Set by the deploy."
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
  nullable    = false
}

variable "environment_variables" {
  description = "Plain settings of the server, name -> value. Nothing secret."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "ingress_cidrs" {
  description = "Addresses that may reach the API; null for everyone."
  type        = set(string)
  default     = null
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
  description = "Permissions boundary of every role made here: an output of infra/bootstrap, and the deploy role can make no role without it."
  type        = string
  default     = null
}

variable "region" {
  description = "Region of everything here."
  type        = string
  nullable    = false
}

variable "secrets" {
  description = "Name of an environment variable -> ARN of the secret whose value it gets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "stable_image" {
  description = "Image of the stable version by digest. Set by the deploy."
  type        = string
  nullable    = false
}

variable "steady_state_timeout_seconds" {
  description = "Seconds in which a service must be steady before the apply fails; null for the module's default."
  type        = number
  default     = null
}
