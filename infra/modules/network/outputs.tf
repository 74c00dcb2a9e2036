output "private_subnet_ids" {
  description = "Ids of the subnets of the tasks: one per zone, without a route to the internet."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "public_subnet_ids" {
  description = "Ids of the subnets of the load balancer, one per zone."
  value       = [for subnet in aws_subnet.public : subnet.id]
}

output "s3_prefix_list_id" {
  description = "Id of the prefix list of S3 in this region, for rules that allow tasks to reach S3 only."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}

output "vpc_cidr" {
  description = "Address range of the network."
  value       = aws_vpc.this.cidr_block
}

output "vpc_id" {
  description = "Id of the network of this environment."
  value       = aws_vpc.this.id
}
