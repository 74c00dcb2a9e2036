# An administrator applies this once, before anything else: the workflows depend on it.
data "aws_caller_identity" "current" {}

locals {
  project    = "merge-lane"
  account_id = data.aws_caller_identity.current.account_id
  full_name  = "${local.project}-base"
  name       = length(local.full_name) <= 24 ? local.full_name : "${trim(substr(local.full_name, 0, 17), "-")}-${substr(sha256(local.full_name), 0, 6)}"
}

# The state of every environment. Old versions allow recovery from a broken apply.
module "storage" {
  source = "../modules/storage"

  account_id = local.account_id
  buckets    = { state = { keep_old_versions_days = 365 } }
  name       = local.name
  region     = var.region
}

# One registry for all environments: production runs the same image that staging ran.
module "registry" {
  source = "../modules/registry"

  kms_key_arn = module.storage.kms_key_arn
  name        = local.project
}
