locals {
  # One target group per track keeps the canary's errors out of the stable version's alarm.
  dimensions = {
    for track, suffix in var.target_group_arn_suffixes :
    track => { LoadBalancer = var.load_balancer_arn_suffix, TargetGroup = suffix }
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.dimensions

  alarm_name          = "${var.name}-${each.key}-errors"
  alarm_description   = "More than ${var.error_percent}% of the ${each.key} version's answers are server errors. Runbook: docs/infra.md"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.error_percent
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching" # no requests, no errors
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "share"
    expression  = "100 * FILL(errors, 0) / requests"
    label       = "Server errors in percent"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      period      = 60
      stat        = "Sum"
      dimensions  = each.value
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      period      = 60
      stat        = "Sum"
      dimensions  = each.value
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  for_each = local.dimensions

  alarm_name          = "${var.name}-${each.key}-latency"
  alarm_description   = "The ${each.key} version's 99th percentile is above ${var.latency_p99_milliseconds} ms. Runbook: docs/infra.md"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  extended_statistic  = "p99"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.latency_p99_milliseconds / 1000 # CloudWatch expects seconds
  treat_missing_data  = "notBreaching"
  dimensions          = each.value
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  for_each = local.dimensions

  alarm_name          = "${var.name}-${each.key}-unhealthy"
  alarm_description   = "A task of the ${each.key} version does not answer its health check. Runbook: docs/infra.md"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  dimensions          = each.value
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# Missing data is an outage: a stable version without a healthy task reports nothing.
resource "aws_cloudwatch_metric_alarm" "nobody_home" {
  alarm_name          = "${var.name}-stable-nobody-home"
  alarm_description   = "The stable version has no healthy task. Runbook: docs/infra.md"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  dimensions          = local.dimensions["stable"]
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
