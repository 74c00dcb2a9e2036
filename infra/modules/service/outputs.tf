output "cluster_name" {
  description = "Cluster of the services stable and canary."
  value       = aws_ecs_cluster.this.name
}

output "load_balancer_arn_suffix" {
  description = "What CloudWatch calls the load balancer."
  value       = aws_lb.this.arn_suffix
}

output "load_balancer_dns_name" {
  description = "Address that the API's name must point at."
  value       = aws_lb.this.dns_name
}

output "target_group_arn_suffixes" {
  description = "Track (stable, canary) -> what CloudWatch calls its target group."
  value       = { for track, group in aws_lb_target_group.this : track => group.arn_suffix }
}

output "traffic_weights_percent" {
  description = "Track (stable, canary) -> share of the traffic, once the listener rule has it."
  value       = { stable = 100 - var.canary_weight_percent, canary = var.canary_weight_percent }
  depends_on  = [aws_lb_listener_rule.traffic]
}
