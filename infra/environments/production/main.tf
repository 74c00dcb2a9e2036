module "environment" {
  source = "../../modules/environment"

  project     = "merge-lane"
  environment = "production"

  alarm_emails                 = var.alarm_emails
  availability_zones           = var.availability_zones
  budget_usd_per_month         = var.budget_usd_per_month
  canary_image                 = var.canary_image
  canary_task_count            = var.canary_task_count
  canary_weight_percent        = var.canary_weight_percent
  certificate_arn              = var.certificate_arn
  deletion_protection          = var.deletion_protection
  environment_variables        = var.environment_variables
  ingress_cidrs                = var.ingress_cidrs
  max_task_count               = var.max_task_count
  min_task_count               = var.min_task_count
  permissions_boundary_arn     = var.permissions_boundary_arn
  region                       = var.region
  secrets                      = var.secrets
  stable_image                 = var.stable_image
  steady_state_timeout_seconds = var.steady_state_timeout_seconds
}
