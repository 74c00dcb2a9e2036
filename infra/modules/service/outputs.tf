output "cluster_name" {
  description = "Name of the ECS cluster that runs the services stable and canary."
  value       = aws_ecs_cluster.this.name
}

output "load_balancer_arn_suffix" {
  description = "ARN suffix of the load balancer: its name in CloudWatch."
  value       = aws_lb.this.arn_suffix
}

output "load_balancer_dns_name" {
  description = "DNS name of the load balancer: the API's domain name must point to it."
  value       = aws_lb.this.dns_name
}

output "target_group_arn_suffixes" {
  description = "Track (stable, canary) -> ARN suffix of its target group: its name in CloudWatch."
  value       = { for track, group in aws_lb_target_group.this : track => group.arn_suffix }
}

output "traffic_weights_percent" {
  description = "Track (stable, canary) -> share of the traffic in percent, after the listener rule was updated."
  value       = { stable = 100 - var.canary_weight_percent, canary = var.canary_weight_percent }
  depends_on  = [aws_lb_listener_rule.traffic]
}
