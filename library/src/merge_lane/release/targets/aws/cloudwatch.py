"""What the load balancer counted of stable and canary, read from CloudWatch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from merge_lane.release.canary import LATENCY_EDGES, Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "AWS/ApplicationELB"
SUMS = {
    "requests": ("RequestCount",),
    "errors": ("HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount"),
    "rejected": ("HTTPCode_Target_4XX_Count",),
}
LEVELS = (1, 5, 10, 25, 40, 50, 60, 75, 90, 95, 98, 99, 99.5, 99.9, 100)
"""Percentiles of the latency that are asked for; a histogram is drawn through them."""

MINUTE = 60


@dataclass(frozen=True)
class Balancer:
    """One load balancer: its name among the metrics, and those of its target groups by track."""

    name: str
    groups: Mapping[str, str]


def find(elb: Any, prefix: str) -> Balancer:
    """Return the balancer whose target groups are called PREFIX-stable and PREFIX-canary."""
    names = {f"{prefix}-{track}": track for track in ("stable", "canary")}
    described = elb.describe_target_groups(Names=list(names))["TargetGroups"]
    groups = {names[g["TargetGroupName"]]: g["TargetGroupArn"].split(":")[-1] for g in described}
    balancer = next(arn for group in described for arn in group["LoadBalancerArns"])
    return Balancer(balancer.split(":loadbalancer/")[-1], groups)


def counts(client: Any, balancer: Balancer, track: str, since: float, now: float) -> Counts | None:
    """Return a track's counts between two Unix times; None where CloudWatch knows nothing of it yet.

    The minute in which the canary got traffic is left out: it counts what stable did before.
    """
    start = math.ceil(since / MINUTE) * MINUTE
    seconds = math.floor((now - start) / MINUTE) * MINUTE
    if seconds < MINUTE:
        return None
    queries = [_query(balancer, track, metric, "Sum", MINUTE) for metric in _metrics()]
    queries += [_query(balancer, track, "TargetResponseTime", f"p{level}", seconds) for level in LEVELS]
    values = _ask(client, queries, start, start + seconds)
    sums = {
        name: int(sum(sum(values[metric, "Sum"]) for metric in metrics)) for name, metrics in SUMS.items()
    }
    if not sums["requests"]:
        return None
    quantiles = [values["TargetResponseTime", f"p{level}"][:1] for level in LEVELS]
    latency = _histogram([one[0] for one in quantiles if one], sums["requests"])
    return Counts(sums["requests"], sums["errors"], sums["rejected"], latency)


def _metrics() -> list[str]:
    return [metric for metrics in SUMS.values() for metric in metrics]


def _query(balancer: Balancer, track: str, metric: str, stat: str, period: int) -> dict[str, Any]:
    dimensions = {"LoadBalancer": balancer.name, "TargetGroup": balancer.groups[track]}
    return {
        "Id": f"q_{metric}_{stat}".replace(".", "_").lower(),
        "Label": f"{metric} {stat}",
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": period,
            "Stat": stat,
        },
    }


def _ask(
    client: Any, queries: list[dict[str, Any]], start: int, end: int
) -> dict[tuple[str, str], list[float]]:
    """Return the values of each query by metric and statistic."""
    window = {"StartTime": datetime.fromtimestamp(start, UTC), "EndTime": datetime.fromtimestamp(end, UTC)}
    values = {query["Id"]: list[float]() for query in queries}
    for page in client.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, **window):
        for result in page["MetricDataResults"]:
            values[result["Id"]] += result["Values"]
    stats = {query["Id"]: query["MetricStat"] for query in queries}
    return {(stats[i]["Metric"]["MetricName"], stats[i]["Stat"]): listed for i, listed in values.items()}


def _histogram(quantiles: list[float], total: int) -> tuple[int, ...]:
    """Return counts by LATENCY_EDGES of `total` latencies that have these quantiles; nothing for too few.

    Between two known percentiles the latencies are spread evenly on the logarithmic scale.
    """
    bins = np.zeros(len(LATENCY_EDGES) + 1)
    if len(quantiles) == len(LEVELS):
        shares = np.diff(LEVELS, prepend=0) / 100
        edges = [quantiles[0], *quantiles]
        for low, high, share in zip(edges, edges[1:], shares, strict=False):
            first, last = (int(np.searchsorted(LATENCY_EDGES, value)) for value in (low, max(high, low)))
            bins[first : last + 1] += share / (last + 1 - first)
    return tuple(int(count) for count in np.round(bins * total))
