"""What the load balancer counted becomes the counts that the canary is judged by."""

import pytest

from merge_lane.release import canary
from merge_lane.release.targets.aws import cloudwatch
from merge_lane.release.targets.aws.cloudwatch import Balancer

GROUPS = {"stable": "targetgroup/lane-stable/1", "canary": "targetgroup/lane-canary/2"}
BALANCER = Balancer("app/lane/9", GROUPS)
NOON = 1_800_000_000.0 // 60 * 60


class Metrics:
    """Answers as CloudWatch: `values` by metric and statistic."""

    def __init__(self, values):
        self.values, self.queries, self.window = values, [], None

    def get_paginator(self, _):
        return self

    def paginate(self, MetricDataQueries, StartTime, EndTime):  # noqa: N803 - boto3's words
        self.queries, self.window = MetricDataQueries, (StartTime.timestamp(), EndTime.timestamp())
        for query in MetricDataQueries:
            stat = query["MetricStat"]
            key = (stat["Metric"]["MetricName"], stat["Stat"])
            yield {"MetricDataResults": [{"Id": query["Id"], "Values": self.values.get(key, [])}]}


def answers(latency=None, **sums):
    values = {(name, "Sum"): list(numbers) for name, numbers in sums.items()}
    return values | {
        ("TargetResponseTime", f"p{level}"): [latency(level)] for level in cloudwatch.LEVELS if latency
    }


def counted(client, seconds=300):
    return cloudwatch.counts(client, BALANCER, "canary", NOON, NOON + seconds)


def test_minutes_are_added_up_and_connection_failures_are_errors():
    found = counted(
        Metrics(
            answers(
                lambda _: 0.01,
                RequestCount=(600, 400),
                HTTPCode_Target_5XX_Count=(3,),
                TargetConnectionErrorCount=(2,),
                HTTPCode_Target_4XX_Count=(1, 1),
            )
        )
    )
    assert (found.requests, found.errors, found.rejected) == (1000, 5, 2)


def test_histogram_has_the_quantiles_that_were_told():
    found = counted(Metrics(answers(lambda level: 0.004 * 1.04**level, RequestCount=(20000,))))
    for level in (50, 99):
        assert canary.quantile(found.latency, level / 100) == pytest.approx(0.004 * 1.04**level, rel=0.12)


def test_first_part_of_a_minute_is_left_out():
    client = Metrics(answers(lambda _: 0.01, RequestCount=(10,)))
    cloudwatch.counts(client, BALANCER, "canary", NOON + 20, NOON + 200)
    assert client.window == (NOON + 60, NOON + 180)


def test_before_a_whole_minute_and_without_requests_nothing_is_known():
    assert counted(Metrics(answers(lambda _: 0.01, RequestCount=(10,))), seconds=59) is None
    assert counted(Metrics({})) is None


def test_missing_latencies_leave_the_histogram_empty_so_that_nothing_is_promoted():
    assert sum(counted(Metrics(answers(RequestCount=(1000,)))).latency) == 0


def test_track_is_asked_by_the_names_of_its_target_group():
    client = Metrics(answers(RequestCount=(10,)))
    counted(client)
    dimensions = client.queries[0]["MetricStat"]["Metric"]["Dimensions"]
    assert {d["Name"]: d["Value"] for d in dimensions} == {
        "LoadBalancer": "app/lane/9",
        "TargetGroup": GROUPS["canary"],
    }
    assert len({query["Id"] for query in client.queries}) == len(client.queries)


def test_balancer_is_found_by_the_environments_name():
    class Elb:
        def describe_target_groups(self, Names):  # noqa: N803 - boto3's words
            arn = "arn:aws:elasticloadbalancing:eu-west-1:1:"
            return {
                "TargetGroups": [
                    {
                        "TargetGroupName": name,
                        "TargetGroupArn": f"{arn}targetgroup/{name}/5",
                        "LoadBalancerArns": [f"{arn}loadbalancer/app/lane/9"],
                    }
                    for name in Names
                ]
            }

    found = cloudwatch.find(Elb(), "lane")
    assert found == Balancer("app/lane/9", {t: f"targetgroup/lane-{t}/5" for t in ("stable", "canary")})
