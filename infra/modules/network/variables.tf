variable "availability_zones" {
  description = "Availability zones that get a public and a private subnet each. They are listed, not looked up: a new zone of AWS must not change a plan."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.availability_zones) >= 2 && length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "availability_zones needs at least two different zones: a load balancer requires two."
  }

  validation {
    condition     = length(var.availability_zones) <= 4
    error_message = "availability_zones takes at most four zones: every interface endpoint costs money in each of them."
  }
}

variable "flow_log_retention_days" {
  description = "Number of days to keep the network's flow logs."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.flow_log_retention_days)
    error_message = "flow_log_retention_days must be a retention that CloudWatch supports: 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731."
  }
}

variable "interface_endpoints" {
  description = "AWS services that tasks reach without an internet route, to pull the image, write logs and read secrets."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
  nullable    = false

  validation {
    condition     = length(setsubtract(["ecr.api", "ecr.dkr", "logs"], var.interface_endpoints)) == 0
    error_message = "interface_endpoints must hold ecr.api, ecr.dkr and logs: without them no task can start."
  }
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts the flow logs."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Prefix of every resource name, such as merge-lane-staging."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 24 lower-case letters, digits and hyphens, starting with a letter: the name of a target group allows no more."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the permissions boundary of the role that writes the flow logs; null for none."
  type        = string
  default     = null
}

variable "region" {
  description = "AWS region of the endpoints, such as eu-west-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must look like eu-west-1."
  }
}

variable "vpc_cidr" {
  description = "Address range of the network; each subnet gets a sixteenth of it."
  type        = string
  default     = "10.20.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(tonumber(split("/", var.vpc_cidr)[1]), 32) <= 22
    error_message = "vpc_cidr must be an IPv4 range of /22 or wider, such as 10.20.0.0/16."
  }
}
