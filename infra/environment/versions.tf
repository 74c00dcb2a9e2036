terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0"
    }
  }

  # infra/terraform passes the rest by -backend-config: the key depends on the environment, the bucket on the account.
  backend "s3" {
    encrypt      = true
    use_lockfile = true # S3 itself refuses a second writer; no table is needed
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Project = var.project, Stack = local.full_name, ManagedBy = "terraform" }
  }
}
