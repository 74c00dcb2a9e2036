variable "availability_zones" {
  description = "Zones that hold a public and a private subnet each. Named, not looked up: a zone that AWS opens must not change a plan."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.availability_zones) >= 2 && length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "availability_zones needs at least two different zones: a load balancer refuses to live in one."
  }

  validation {
    condition     = length(var.availability_zones) <= 4
    error_message = "availability_zones takes at most four zones: each interface endpoint is paid for in each of them."
  }
}

variable "flow_log_retention_days" {
  description = "Days for which the network's flow logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.flow_log_retention_days)
    error_message = "flow_log_retention_days must be a number that CloudWatch offers: 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731."
  }
}

variable "interface_endpoints" {
  description = "AWS services that the private subnets reach without an internet route: pulling the image, logging, reading secrets."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
  nullable    = false

  validation {
    condition     = length(setsubtract(["ecr.api", "ecr.dkr", "logs"], var.interface_endpoints)) == 0
    error_message = "interface_endpoints must hold ecr.api, ecr.dkr and logs: without them no task can start."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow logs."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Prefix of every name, such as merge-lane-staging."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 24 lower-case letters, digits and hyphens, starting with a letter: a target group's name holds no more."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role that writes the flow logs; null for none."
  type        = string
  default     = null
}

variable "region" {
  description = "Region that the endpoints are in, such as eu-west-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must look like eu-west-1."
  }
}

variable "vpc_cidr" {
  description = "Address range of the network; each subnet takes a sixteenth of it."
  type        = string
  default     = "10.20.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(tonumber(split("/", var.vpc_cidr)[1]), 32) <= 22
    error_message = "vpc_cidr must be an IPv4 range of /22 or wider, such as 10.20.0.0/16."
  }
}
