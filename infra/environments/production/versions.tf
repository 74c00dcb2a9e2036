terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0"
    }
  }

  # The bucket and its key come by -backend-config: they differ from account to account (docs/infra.md).
  backend "s3" {
    key          = "environments/production.tfstate"
    encrypt      = true
    use_lockfile = true # S3 itself refuses the second writer; no table is needed
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Project = "merge-lane", Stack = "merge-lane-production", ManagedBy = "terraform" }
  }
}
