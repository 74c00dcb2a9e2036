"""Stands in for the load balancer of an environment in the cloud on loopback.

Where requests go is asked of the cloud: the weights of the listener rule, the services and their images.
What it counts goes to CloudWatch as a real one would write it.
"""

import threading
import time
from collections import Counter
from datetime import UTC, datetime

from infra import environment
from release.front import Front

NAMESPACE = "AWS/ApplicationELB"
FRESH_SECONDS = 0.5  # no request sees an older state
TELL_SECONDS = 0.5
PAUSE_SECONDS = 0.02  # callers without pause leave something of the machine to others
COUNTERS = {2: None, 4: "HTTPCode_Target_4XX_Count", 5: "HTTPCode_Target_5XX_Count"}


class Balancer(Front):
    """`name` ends the names of its load balancer and cluster, where the cloud has several."""

    def __init__(self, cloud, name=""):
        self.cloud, self.name = cloud, name
        self.lock = threading.Lock()
        self.asked_at, self.weights, self.services = 0.0, {}, {}
        self.seen = []
        self.stopped = threading.Event()
        self.teller = threading.Thread(target=self.tell_until_closed, daemon=True)
        super().__init__()
        self.teller.start()

    def close(self):
        super().close()
        self.stopped.set()
        self.teller.join()

    def look(self):
        """Return weights and services of now, as far as one can see."""
        with self.lock:
            if time.monotonic() - self.asked_at > FRESH_SECONDS:
                self.weights = environment.weights(self.cloud, self.name)
                self.services = environment.services(self.cloud, self.name)
                self.asked_at = time.monotonic()
            return self.weights, self.services

    def shares(self):
        return self.look()[0]

    def image(self, track):
        image, running = self.look()[1].get(track, (None, 0))
        return image if running else None

    def version(self, track):
        self.asked_at = 0.0
        return super().version(track)

    def answered(self, track, status):
        # The machine of the tests may be busy: how long a task takes is the double's to say.
        seconds = round(self.dice.lognormvariate(-5, 0.3), 4)
        self.seen.append((track, status, seconds, time.time()))
        time.sleep(PAUSE_SECONDS)

    def tell_until_closed(self):
        while not self.stopped.wait(TELL_SECONDS):
            self.tell()

    def tell(self):
        """Write down in CloudWatch what was counted since the last time."""
        told, self.seen = self.seen, []
        for track in ("stable", "canary"):
            mine = [(status, seconds, at) for one, status, seconds, at in told if one == track]
            if mine:
                data = list(self.data(track, mine))
                self.cloud.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)

    def data(self, track, mine):
        at = datetime.fromtimestamp(mine[0][2], UTC)
        dimensions = [{"Name": name, "Value": value} for name, value in self.names(track).items()]
        common = {"Dimensions": dimensions, "Timestamp": at}
        yield {"MetricName": "RequestCount", "Value": len(mine), **common}
        for kind, times in Counter(status // 100 for status, _, _ in mine).items():
            if COUNTERS[kind]:
                yield {"MetricName": COUNTERS[kind], "Value": times, **common}
        latencies = Counter(seconds for _, seconds, _ in mine)
        values, counts = list(latencies), [float(count) for count in latencies.values()]
        yield {"MetricName": "TargetResponseTime", "Values": values, "Counts": counts, **common}

    def names(self, track):
        """Return what CloudWatch calls this balancer and a track's target group: ends of their ARNs."""
        arn = environment.balancer(self.cloud, self.name)["LoadBalancerArn"]
        groups = self.cloud.client("elbv2").describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
        (group,) = [one for one in groups if one["TargetGroupName"].endswith(track)]
        return {
            "LoadBalancer": arn.partition(":loadbalancer/")[2],
            "TargetGroup": group["TargetGroupArn"].rpartition(":")[2],
        }
