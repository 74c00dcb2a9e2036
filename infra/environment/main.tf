# One environment. staging and production differ in the values of their .tfvars only.
data "aws_caller_identity" "current" {}

locals {
  # A target group's name holds 32 characters: a long project name is cut, and a hash keeps it unique.
  full_name = "${var.project}-${var.environment}"
  cut_name  = "${trim(substr(local.full_name, 0, 17), "-")}-${substr(sha256(local.full_name), 0, 6)}"
  name      = length(local.full_name) <= 24 ? local.full_name : local.cut_name
}

module "storage" {
  source = "../modules/storage"

  account_id = data.aws_caller_identity.current.account_id
  buckets    = { predictions = { expire_after_days = 400 } } # long enough to compare a season with the previous year
  name       = local.name
  region     = var.region
}

module "network" {
  source = "../modules/network"

  availability_zones       = var.availability_zones
  kms_key_arn              = module.storage.kms_key_arn
  name                     = local.name
  permissions_boundary_arn = var.permissions_boundary_arn
  region                   = var.region
  vpc_cidr                 = var.vpc_cidr
}

module "service" {
  source = "../modules/service"

  access_log_bucket_name       = module.storage.log_bucket_name
  canary_image                 = var.canary_image
  canary_task_count            = var.canary_task_count
  canary_weight_percent        = var.canary_weight_percent
  certificate_arn              = var.certificate_arn
  deletion_protection          = var.deletion_protection
  environment_variables        = var.environment_variables
  ingress_cidrs                = var.ingress_cidrs
  kms_key_arn                  = module.storage.kms_key_arn
  max_task_count               = var.max_task_count
  min_task_count               = var.min_task_count
  name                         = local.name
  permissions_boundary_arn     = var.permissions_boundary_arn
  prediction_bucket_arn        = module.storage.bucket_arns["predictions"]
  private_subnet_ids           = module.network.private_subnet_ids
  public_subnet_ids            = module.network.public_subnet_ids
  region                       = var.region
  requests_per_task_per_minute = var.requests_per_task_per_minute
  s3_prefix_list_id            = module.network.s3_prefix_list_id
  secrets                      = var.secrets
  stable_image                 = var.stable_image
  steady_state_timeout_seconds = var.steady_state_timeout_seconds
  vpc_cidr                     = module.network.vpc_cidr
  vpc_id                       = module.network.vpc_id
}

module "observability" {
  source = "../modules/observability"

  alarm_emails              = var.alarm_emails
  budget_usd_per_month      = var.budget_usd_per_month
  cost_tag                  = { key = "Stack", value = local.full_name }
  error_percent             = var.error_percent
  kms_key_arn               = module.storage.kms_key_arn
  latency_p99_milliseconds  = var.latency_p99_milliseconds
  load_balancer_arn_suffix  = module.service.load_balancer_arn_suffix
  name                      = local.name
  target_group_arn_suffixes = module.service.target_group_arn_suffixes
}
