output "private_subnet_ids" {
  description = "Subnets of the tasks, one a zone, without a route to the internet."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "public_subnet_ids" {
  description = "Subnets of the load balancer, one a zone."
  value       = [for subnet in aws_subnet.public : subnet.id]
}

output "s3_prefix_list_id" {
  description = "Prefix list of S3 in this region, for rules that let tasks reach it and nothing else."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}

output "vpc_cidr" {
  description = "Address range of the network."
  value       = aws_vpc.this.cidr_block
}

output "vpc_id" {
  description = "Network that holds everything of this environment."
  value       = aws_vpc.this.id
}
