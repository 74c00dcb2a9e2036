output "alarm_names" {
  description = "Track (stable, canary) -> its alarms."
  value       = module.observability.alarm_names
}

output "canary_image" {
  description = "Image of the canary as deployed; null when there is none."
  value       = var.canary_image
}

output "cluster_name" {
  description = "Cluster of the services stable and canary."
  value       = module.service.cluster_name
}

output "load_balancer_dns_name" {
  description = "Address that the API's name must point at."
  value       = module.service.load_balancer_dns_name
}

output "name" {
  description = "Prefix of every name of this environment."
  value       = local.name
}

output "prediction_bucket_name" {
  description = "Bucket of the predictions."
  value       = module.storage.bucket_names["predictions"]
}

output "stable_image" {
  description = "Image of the stable version as deployed."
  value       = var.stable_image
}

output "traffic_weights_percent" {
  description = "Track (stable, canary) -> share of the traffic."
  value       = module.service.traffic_weights_percent
}
