variable "access_log_bucket_name" {
  description = "Name of the bucket for the load balancer's access logs."
  type        = string
  nullable    = false
}

variable "canary_image" {
  description = "Image of the canary by digest; null for no canary service."
  type        = string
  default     = null

  validation {
    condition     = var.canary_image == null || can(regex("^[^@ ]+@sha256:[0-9a-f]{64}$", var.canary_image))
    error_message = "canary_image must name an image by digest, such as registry.example/merge-lane@sha256:<64 hex digits>: a tag can be moved to another image."
  }
}

variable "canary_task_count" {
  description = "Minimum number of canary tasks; a high weight raises it."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.canary_task_count >= 1 && floor(var.canary_task_count) == var.canary_task_count
    error_message = "canary_task_count must be a whole number of at least 1: a canary without tasks cannot be judged."
  }
}

variable "canary_weight_percent" {
  description = "Share of the traffic that the canary gets, in percent."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.canary_weight_percent >= 0 && var.canary_weight_percent <= 100 && floor(var.canary_weight_percent) == var.canary_weight_percent
    error_message = "canary_weight_percent must be a whole number from 0 to 100."
  }

  validation {
    condition     = var.canary_weight_percent == 0 || var.canary_image != null
    error_message = "canary_weight_percent is above 0 without a canary_image: no task would answer that traffic."
  }
}

variable "certificate_arn" {
  description = "ARN of the certificate of the load balancer's HTTPS listener."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of an ACM certificate."
  }
}

variable "cpu_units" {
  description = "CPU of a task in units; 1024 units are one core."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.cpu_units)
    error_message = "cpu_units must be a size that Fargate supports: 256, 512, 1024, 2048 or 4096."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the load balancer. To delete it, set this to false, apply, then destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "drain_seconds" {
  description = "Seconds to finish open requests before their task is stopped."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.drain_seconds >= 5 && var.drain_seconds <= 300
    error_message = "drain_seconds must be between 5 and 300."
  }
}

variable "environment_variables" {
  description = "Environment variables of the server, name -> value. No secrets."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !anytrue([for name in keys(var.environment_variables) : can(regex("(?i)(secret|password|token|api_?key)", name))])
    error_message = "environment_variables has a name that looks like a secret: use secrets, which takes a reference instead of a value."
  }
}

variable "ingress_cidrs" {
  description = "Address ranges that may reach the load balancer."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.ingress_cidrs) > 0 && alltrue([for cidr in var.ingress_cidrs : can(cidrhost(cidr, 0))])
    error_message = "ingress_cidrs must have at least one IPv4 range, such as 203.0.113.0/24."
  }
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts the logs and decrypts the secrets."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Number of days to keep the server's logs."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch supports: 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731."
  }
}

variable "max_task_count" {
  description = "Maximum number of stable tasks."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_task_count >= var.min_task_count
    error_message = "max_task_count must not be below min_task_count."
  }
}

variable "memory_mib" {
  description = "Memory of a task in MiB."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition     = var.memory_mib >= 2 * var.cpu_units && var.memory_mib <= 8 * var.cpu_units && var.memory_mib % 512 == 0
    error_message = "memory_mib must be a multiple of 512, from 2 to 8 times cpu_units: Fargate supports no other size."
  }
}

variable "min_task_count" {
  description = "Minimum number of stable tasks. With 2 or more, the service survives the failure of a zone."
  type        = number
  nullable    = false

  validation {
    condition     = var.min_task_count >= 1 && floor(var.min_task_count) == var.min_task_count
    error_message = "min_task_count must be a whole number of at least 1."
  }
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
  description = "ARN of the permissions boundary of the tasks' roles; null for none."
  type        = string
  default     = null
}

variable "prediction_bucket_arn" {
  description = "ARN of the bucket in which the tasks can write under predictions/ and cannot read."
  type        = string
  nullable    = false
}

variable "private_subnet_ids" {
  description = "Ids of the subnets of the tasks."
  type        = list(string)
  nullable    = false
}

variable "public_subnet_ids" {
  description = "Ids of the subnets of the load balancer."
  type        = list(string)
  nullable    = false
}

variable "region" {
  description = "AWS region of the logs, such as eu-west-1."
  type        = string
  nullable    = false
}

variable "requests_per_task_per_minute" {
  description = "Requests per minute and task above which the stable service adds a task."
  type        = number
  default     = 6000
  nullable    = false

  validation {
    condition     = var.requests_per_task_per_minute >= 60
    error_message = "requests_per_task_per_minute must be at least 60."
  }
}

variable "s3_prefix_list_id" {
  description = "Id of the prefix list of S3: the only addresses outside the network that a task can reach."
  type        = string
  nullable    = false
}

variable "secrets" {
  description = "Name of an environment variable -> ARN of the secret that holds its value. The task gets the value when it starts; Terraform never sees it."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:[0-9]{12}:(secret:|parameter/).+$", arn))])
    error_message = "secrets must be ARNs of Secrets Manager or of the Parameter Store, never values."
  }
}

variable "stable_image" {
  description = "Image of the stable service by digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@ ]+@sha256:[0-9a-f]{64}$", var.stable_image))
    error_message = "stable_image must name an image by digest, such as registry.example/merge-lane@sha256:<64 hex digits>: a tag can be moved to another image."
  }
}

variable "steady_state_timeout_seconds" {
  description = "Seconds that a service has to become steady. After that the apply fails and the traffic does not move."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.steady_state_timeout_seconds >= 5 && var.steady_state_timeout_seconds <= 3600
    error_message = "steady_state_timeout_seconds must be between 5 and 3600."
  }
}

variable "vpc_cidr" {
  description = "Address range of the network, which contains the endpoints of AWS."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the network of the service."
  type        = string
  nullable    = false
}
