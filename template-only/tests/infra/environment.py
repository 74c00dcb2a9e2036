"""One environment applied to the cloud on loopback, and questions to ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra import harness
from infra.harness import Terraform, image

if TYPE_CHECKING:
    from pathlib import Path

STABLE, NEW = image("aa"), image("cc")
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


class Environment:
    """staging or production as a test sees it."""

    def __init__(self, name: str, directory: Path, cloud: harness.Cloud) -> None:
        self.cloud = cloud
        infra = harness.copy_infra(directory / "infra")
        (infra / "environment/state_override.tf").write_text(LOCAL_BACKEND)
        (infra / f"environment/{name}.tfvars").rename(infra / "environment/terraform.tfvars")
        self.terraform = Terraform(infra / "environment", cloud.environment)
        self.terraform.init()
        self.settings: dict[str, Any] = {
            "alarm_emails": ["alarms@example.com"],
            "certificate_arn": cloud.certificate(),
            "deletion_protection": False,
            "environment": name,
            "permissions_boundary_arn": cloud.boundary(),
            "stable_image": STABLE,
            "steady_state_timeout_seconds": 10,
        }

    def apply(self, check: bool = True, **changes: Any) -> str:
        """Apply with these changes of the settings and return all that was said."""
        return harness.plain(self.terraform.apply(check, **{**self.settings, **changes}))

    def destroy(self) -> None:
        """Destroy all that was applied."""
        harness.destroy(self.terraform, self.cloud, self.settings)

    def weights(self) -> dict[str, int]:
        """Ask the load balancer, not Terraform, where the traffic goes."""
        return weights(self.cloud)

    def services(self) -> dict[str, str]:
        """Return each active service and its image."""
        return {name: image for name, (image, _) in services(self.cloud).items()}


def balancer(cloud: harness.Cloud, name: str = "") -> dict[str, Any]:
    """Return the one load balancer of an environment."""
    found = cloud.client("elbv2").describe_load_balancers()["LoadBalancers"]
    (only,) = [one for one in found if one["LoadBalancerName"].endswith(name)]
    return dict(only)


def weights(cloud: harness.Cloud, name: str = "") -> dict[str, int]:
    """Return the weight of each track in the rule that shares the traffic out; none before there is one."""
    elb, arn = cloud.client("elbv2"), balancer(cloud, name)["LoadBalancerArn"]
    (https,) = [one for one in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"] if one["Port"] == 443]
    rules = elb.describe_rules(ListenerArn=https["ListenerArn"])["Rules"]
    groups = [
        group
        for rule in rules
        if rule["Priority"] == "100"
        for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    ]
    return {one["TargetGroupArn"].split("/")[-2].rpartition("-")[2]: one["Weight"] for one in groups}


def services(cloud: harness.Cloud, name: str = "") -> dict[str, tuple[str, int]]:
    """Return the image of each active service, and how many tasks of it run."""
    ecs = cloud.client("ecs")
    (cluster,) = [arn for arn in ecs.list_clusters()["clusterArns"] if arn.endswith(name)]
    names = ecs.list_services(cluster=cluster)["serviceArns"]
    found = ecs.describe_services(cluster=cluster, services=names)["services"] if names else []
    return {
        one["serviceName"]: (_image(ecs, one["taskDefinition"]), one["runningCount"])
        for one in found
        if one["status"] == "ACTIVE"
    }


def _image(ecs: Any, task: str) -> str:
    described = ecs.describe_task_definition(taskDefinition=task)
    return str(described["taskDefinition"]["containerDefinitions"][0]["image"])
