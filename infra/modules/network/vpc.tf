locals {
  zone_index = { for index, zone in var.availability_zones : zone => index }
}

resource "aws_vpc" "this" {
  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true # interface endpoints answer by private name
  enable_dns_support   = true

  tags = { Name = var.name }
}

# What names no group of its own gets nothing.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default-closed" }
}
