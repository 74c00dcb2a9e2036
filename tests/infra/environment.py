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
        (infra / f"environments/{name}/state_override.tf").write_text(LOCAL_BACKEND)
        self.terraform = Terraform(infra / f"environments/{name}", cloud.environment)
        self.terraform.init()
        self.settings: dict[str, Any] = {
            "alarm_emails": ["alarms@example.com"],
            "certificate_arn": cloud.certificate(),
            "deletion_protection": False,
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
        balancers = self.cloud.client("elbv2")
        (balancer,) = balancers.describe_load_balancers()["LoadBalancers"]
        listeners = balancers.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        (https,) = [one for one in listeners if one["Port"] == 443]
        rules = balancers.describe_rules(ListenerArn=https["ListenerArn"])["Rules"]
        (traffic,) = [one for one in rules if one["Priority"] == "100"]
        groups = traffic["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {one["TargetGroupArn"].split("/")[-2].rpartition("-")[2]: one["Weight"] for one in groups}

    def services(self) -> dict[str, str]:
        """Return each active service and its image."""
        ecs = self.cloud.client("ecs")
        (cluster,) = ecs.list_clusters()["clusterArns"]
        names = ecs.list_services(cluster=cluster)["serviceArns"]
        found = ecs.describe_services(cluster=cluster, services=names)["services"] if names else []
        return {
            one["serviceName"]: self._image(one["taskDefinition"])
            for one in found
            if one["status"] == "ACTIVE"
        }

    def _image(self, task: str) -> str:
        described = self.cloud.client("ecs").describe_task_definition(taskDefinition=task)
        return str(described["taskDefinition"]["containerDefinitions"][0]["image"])
