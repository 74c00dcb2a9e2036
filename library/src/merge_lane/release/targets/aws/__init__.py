"""The target AWS: Terraform applies, CloudWatch counts."""
