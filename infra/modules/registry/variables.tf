variable "image_count_to_keep" {
  description = "Number of tagged images to keep. A rollback to an older image has to build it again."
  type        = number
  default     = 200
  nullable    = false

  validation {
    condition     = var.image_count_to_keep >= 10 && var.image_count_to_keep <= 1000
    error_message = "image_count_to_keep must be between 10 and 1000: with fewer, a revert would have to build its image again."
  }
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts the images."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,46}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 48 lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "untagged_days_to_keep" {
  description = "Number of days to keep an image without a tag."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.untagged_days_to_keep >= 1
    error_message = "untagged_days_to_keep must be at least 1: a push in progress has no tag yet."
  }
}
