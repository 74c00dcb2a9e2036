output "alarm_names" {
  description = "Track (stable, canary) -> names of its alarms."
  value       = module.observability.alarm_names
}

output "canary_image" {
  description = "Image of the canary that the last apply asked for; null for no canary."
  value       = var.canary_image
}

output "cluster_name" {
  description = "Name of the ECS cluster that runs the services stable and canary."
  value       = module.service.cluster_name
}

output "load_balancer_dns_name" {
  description = "DNS name of the load balancer: the API's domain name must point to it."
  value       = module.service.load_balancer_dns_name
}

output "name" {
  description = "Prefix of every resource name in this environment."
  value       = local.name
}

output "prediction_bucket_name" {
  description = "Name of the bucket that stores the predictions."
  value       = module.storage.bucket_names["predictions"]
}

output "stable_image" {
  description = "Image of the stable version that the last apply asked for."
  value       = var.stable_image
}

output "traffic_weights_percent" {
  description = "Track (stable, canary) -> share of the traffic in percent."
  value       = module.service.traffic_weights_percent
}
