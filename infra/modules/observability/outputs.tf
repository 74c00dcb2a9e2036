output "alarm_names" {
  description = "Track (stable, canary) -> names of its alarms, for a deployment that checks whether one fires."
  value = {
    for track in keys(local.dimensions) : track => concat(
      [for alarms in [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency, aws_cloudwatch_metric_alarm.unhealthy] : alarms[track].alarm_name],
      track == "stable" ? [aws_cloudwatch_metric_alarm.nobody_home.alarm_name] : [],
    )
  }
}

output "alarm_topic_arn" {
  description = "ARN of the topic that the alarms and the budget publish to."
  value       = aws_sns_topic.alarms.arn
}
