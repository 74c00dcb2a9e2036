# Your values: nothing but this file differs between staging and production.
availability_zones   = ["eu-west-1a", "eu-west-1b"]
budget_usd_per_month = 400
deletion_protection  = true
max_task_count       = 8
min_task_count       = 2
region               = "eu-west-1"

# Set these too, here or by TF_VAR_...: alarm_emails, certificate_arn, permissions_boundary_arn (docs/infra.md).
