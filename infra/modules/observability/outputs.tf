output "alarm_names" {
  description = "Track (stable, canary) -> its alarms, for a deploy that asks whether one fires."
  value = {
    for track in keys(local.dimensions) : track => concat(
      [for alarms in [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency, aws_cloudwatch_metric_alarm.unhealthy] : alarms[track].alarm_name],
      track == "stable" ? [aws_cloudwatch_metric_alarm.nobody_home.alarm_name] : [],
    )
  }
}

output "alarm_topic_arn" {
  description = "Topic that alarms and budget publish to."
  value       = aws_sns_topic.alarms.arn
}
