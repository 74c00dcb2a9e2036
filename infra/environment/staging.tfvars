# Your values: nothing but this file differs between staging and production.
availability_zones   = ["eu-west-1a", "eu-west-1b"]
budget_usd_per_month = 150
deletion_protection  = false
max_task_count       = 2
min_task_count       = 1
region               = "eu-west-1"

# Set these too, here or by TF_VAR_...: alarm_emails, certificate_arn, permissions_boundary_arn (docs/infra.md).
