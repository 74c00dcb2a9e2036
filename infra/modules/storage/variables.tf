variable "account_id" {
  description = "Id of the account that owns the buckets; part of their names, which are global."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be twelve digits."
  }
}

variable "buckets" {
  description = "Purpose of each bucket -> number of days to keep its objects (null for ever) and replaced versions of them."
  type = map(object({
    expire_after_days      = optional(number)
    keep_old_versions_days = optional(number, 90)
  }))
  nullable = false

  validation {
    condition     = alltrue([for purpose in keys(var.buckets) : can(regex("^[a-z][a-z0-9-]{1,11}$", purpose))])
    error_message = "Each purpose in buckets must be 2 to 12 lower-case letters, digits and hyphens: it is part of a bucket's name."
  }

  validation {
    condition     = !contains(keys(var.buckets), "logs")
    error_message = "buckets must not have the key logs: the module creates that bucket itself."
  }

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : bucket.keep_old_versions_days >= 1 && coalesce(bucket.expire_after_days, 1) >= 1])
    error_message = "Days in buckets must be at least 1."
  }
}

variable "log_retention_days" {
  description = "Number of days to keep access logs."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 30
    error_message = "log_retention_days must be at least 30: incidents are often noticed weeks later."
  }
}

variable "name" {
  description = "Prefix of every resource name, such as merge-lane-staging."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 24 lower-case letters, digits and hyphens, starting with a letter: a bucket's name also contains the purpose and the account id."
  }
}

variable "region" {
  description = "AWS region whose services can use the key, such as eu-west-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must look like eu-west-1."
  }
}
