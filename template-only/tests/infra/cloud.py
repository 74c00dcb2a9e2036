"""AWS on loopback: moto's server with what it lacks filled in. A program: cloud.py PORT_FILE CALLS_FILE.

Images say how their tasks behave, by the first letters of their digest:
`dead` never becomes steady, `bad0` is rolled back by the circuit breaker, every other one starts.
"""

from __future__ import annotations

import json
import os
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.budgets.responses import BudgetsResponse
from moto.cloudwatch.models import Statistics
from moto.core.responses import BaseResponse
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.s3.models import FakeBucket
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.ecs.models import EC2ContainerServiceBackend, Service

TAGS: dict[str, dict[str, str]] = {}


def fill_in_descriptions_of_rules() -> None:
    """moto forgets the description of a rule that names a group or a prefix list."""
    make = SecurityGroupRule.__init__

    def __init__(self: SecurityGroupRule, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it replaces one
        make(self, *args, **kwargs)
        given = [one for one in (*args, *kwargs.values()) if isinstance(one, dict)]
        self.kept_description = next((one["Description"] for one in given if one.get("Description")), None)

    SecurityGroupRule.__init__ = __init__
    SecurityGroupRule.description = property(lambda rule: rule.kept_description)


def fill_in_log_permissions() -> None:
    """moto knows three exact resources in the policy of a bucket that takes logs; S3 knows patterns."""

    def allowed(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
        statements = json.loads(target_bucket.policy or b'{"Statement": []}')["Statement"]
        written = f"arn:aws:s3:::{target_bucket.name}/{target_prefix or ''}log"
        return any(
            one["Effect"] == "Allow"
            and one["Principal"].get("Service") == "logging.s3.amazonaws.com"
            and fnmatch(written, one["Resource"])
            for one in statements
        )

    FakeBucket._log_permissions_enabled_policy = staticmethod(allowed)


def fill_in_budget_subscribers() -> None:
    """moto keeps the subscribers of a budget's notification and cannot tell them."""

    def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
        wanted = self._get_param("Notification")
        budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
        found = [one.subscribers for one in budget.notifications if _same(one.details, wanted)]
        return json.dumps({"Subscribers": found[0] if found else []})

    BudgetsResponse.describe_subscribers_for_notification = describe_subscribers_for_notification


def _same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    keys = ("NotificationType", "ComparisonOperator", "Threshold")
    return all(left.get(key) == right.get(key) for key in keys)


def fill_in_tags(response: type[BaseResponse], key_field: str | None) -> None:
    """Tags of resources whose tags moto does not keep. `key_field` None: a map, else a list of pairs."""

    def tag_resource(self: BaseResponse) -> str:
        given = self._get_param("Tags") or self._get_param("ResourceTags")
        pairs = given if key_field is None else {one["Key"]: one["Value"] for one in given}
        TAGS.setdefault(self._get_param("ResourceARN"), {}).update(pairs)
        return "{}"

    def untag_resource(self: BaseResponse) -> str:
        for key in self._get_param("TagKeys") or self._get_param("ResourceTagKeys"):
            TAGS.get(self._get_param("ResourceARN"), {}).pop(key, None)
        return "{}"

    def list_tags_for_resource(self: BaseResponse) -> str:
        tags = TAGS.get(self._get_param("ResourceARN"), {})
        if key_field is None:
            return json.dumps({"Tags": tags})
        return json.dumps({key_field: [{"Key": key, "Value": value} for key, value in tags.items()]})

    response.tag_resource = tag_resource
    response.untag_resource = untag_resource
    response.list_tags_for_resource = list_tags_for_resource


def fill_in_tags_at_creation() -> None:
    """Tags that are given when the thing is made."""
    budget, target = BudgetsResponse.create_budget, ApplicationAutoScalingResponse.register_scalable_target

    def create_budget(self: BudgetsResponse) -> str:
        account, name = self._get_param("AccountId"), self._get_param("Budget")["BudgetName"]
        arn = f"arn:aws:budgets::{account}:budget/{name}"
        TAGS[arn] = {one["Key"]: one["Value"] for one in self._get_param("ResourceTags") or []}
        return budget(self)

    def register_scalable_target(self: ApplicationAutoScalingResponse) -> str:
        answer = target(self)
        arn = json.loads(answer).get("ScalableTargetARN", "")
        TAGS.setdefault(arn, {}).update(self._get_param("Tags") or {})
        return answer

    BudgetsResponse.create_budget = create_budget
    ApplicationAutoScalingResponse.register_scalable_target = register_scalable_target


FIELDS = {  # what a request says about a service -> what moto calls it, where it has a word at all
    "deploymentConfiguration": "deployment_configuration",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
}


def fill_in_services() -> None:
    """Services that become steady, fail or are rolled back, and remember all that they were told."""
    create, update = EC2ContainerServiceResponse.create_service, EC2ContainerServiceResponse.update_service

    def create_service(self: EC2ContainerServiceResponse) -> Any:
        answer = create(self)
        _settle(self, answer.result["service"], former=None)
        return answer

    def update_service(self: EC2ContainerServiceResponse) -> Any:
        backend: EC2ContainerServiceBackend = self.ecs_backend
        name = self._get_param("service").split("/")[-1]
        former = backend._get_service(self._get_param("cluster", "default"), name).task_definition
        answer = update(self)
        _settle(self, answer.result["service"], former=former)
        return answer

    EC2ContainerServiceResponse.create_service = create_service
    EC2ContainerServiceResponse.update_service = update_service


def _settle(request: EC2ContainerServiceResponse, service: Service, former: str | None) -> None:
    for field, attribute in FIELDS.items():
        if request._get_param(field) is not None:
            setattr(service, attribute, request._get_param(field))
            setattr(service, field, request._get_param(field))
    wanted = request.ecs_backend.describe_task_definition(service.task_definition)
    image = wanted.container_definitions[0]["image"].partition("@sha256:")[2]
    if image.startswith("bad0") and former:
        service.task_definition = former
    running = 0 if image.startswith("dead") else service.desired_count
    service.running_count, service.pending_count = running, service.desired_count - running
    state = "IN_PROGRESS" if image.startswith("dead") else "COMPLETED"
    service.deployments[0].update(
        taskDefinition=service.task_definition,
        desiredCount=service.desired_count,
        runningCount=running,
        pendingCount=service.pending_count,
        rolloutState=state,
    )


def fill_in_percentiles() -> None:
    """moto knows sums and averages; load balancers are judged by percentiles such as p99.5."""
    known = Statistics.get_statistics_for_type

    def get_statistics_for_type(self: Statistics, stat: str) -> Any:
        if not stat.startswith("p"):
            return known(self, stat)
        values = sorted(self.metric_single_values_list)
        return values[min(len(values) - 1, int(len(values) * float(stat[1:]) / 100))]

    Statistics.get_statistics_for_type = get_statistics_for_type


def write_down_calls(path: Path) -> None:
    """Append service:Action of every call: a test asks what a role needs, and in which order things went."""
    call: Callable[..., Any] = BaseResponse.call_action

    def call_action(self: BaseResponse) -> Any:
        with path.open("a") as stream:
            stream.write(
                f"{self.service_name}:{self._get_action() if self.querystring or self.headers else '?'}\n"
            )
        return call(self)

    BaseResponse.call_action = call_action


def refusing(application: Any, path: Path) -> Callable[..., Any]:
    """Answer 403 to the requests that the file names, line by line, by their method and beginning."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?"
        refused = path.read_text().splitlines() if path.exists() else []
        if any(asked.startswith(f"{one}?") for one in refused):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("403 Forbidden", [("Content-Length", "0")])
            return [b""]
        return application(environ, start_response)

    return answer


def main(argv: list[str]) -> None:
    """Serve until killed; the port that the system chose is in the first file once the socket is bound."""
    port_file, calls_file = Path(argv[0]), Path(argv[1])
    fill_in_descriptions_of_rules()
    fill_in_log_permissions()
    fill_in_budget_subscribers()
    fill_in_tags(BudgetsResponse, "ResourceTags")
    fill_in_tags(ApplicationAutoScalingResponse, None)
    fill_in_tags_at_creation()
    fill_in_services()
    fill_in_percentiles()
    write_down_calls(calls_file)
    os.environ.setdefault("MOTO_ACCOUNT_ID", "123456789012")
    application = refusing(DomainDispatcherApplication(create_backend_app), calls_file.with_name("refused"))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    temporary = port_file.with_suffix(".part")
    temporary.write_text(str(server.server_port))
    temporary.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
