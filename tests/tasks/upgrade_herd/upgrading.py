"""What tests of an upgrade of HERD ask for, arrange and look at."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gocd.rehearsal.sample.herd.stack import Herd
from gocd.rehearsal.standin_aws.services.functions.functions import Context
from gocd.rehearsal.standin_aws.world import World

FUNCTION = "mdl140-Herd-dev-UPGRADE-HERD-LAMBDA-FUNCTION"


def upgrade(herd: Herd, version: str = "0.84.0", *more: str) -> tuple[str, ...]:
    where = ("--mdl-instance", "mdl140", "--environment", "dev", "--build-info-url", herd.build_info_url)
    return ("upgrade-herd", *where, "--version", version, *more)


def deployments(herd: Herd, *statuses: str) -> list[Any]:
    """The blue/green deployments of HERD, newest first."""
    client = herd.aws.client("codedeploy")
    wanted = {"includeOnlyStatuses": list(statuses)} if statuses else {}
    names = herd.names
    ids = client.list_deployments(
        applicationName=names.application, deploymentGroupName=names.deployment_group, **wanted
    )["deployments"]
    found = [client.get_deployment(deploymentId=each)["deploymentInfo"] for each in ids]
    return [each for each in found if each["deploymentStyle"]["deploymentType"] == "BLUE_GREEN"]


def invoke(herd: Herd, version: str) -> None:
    """Ask for an upgrade in another's name."""
    event = json.dumps({"RequestedVersion": version})
    herd.aws.client("lambda").invoke(FunctionName=FUNCTION, Payload=event.encode())


def held(herd: Herd, go: threading.Event, *, before: bool) -> Callable[[Any, Context], None]:
    """HERD's own function, which waits to *go* on before it creates the deployment, or after."""
    waiting = replace(herd.function, client=Held(herd.aws, go).client)

    def handler(event: Any, context: Context) -> None:
        (waiting if before else herd.function)(event, context)
        if not before:
            go.wait(60)

    return handler


@dataclass(frozen=True)
class Held:
    """A CodeDeploy that creates a deployment only when it may *go* on, for those who ask it here."""

    aws: World
    go: threading.Event

    def client(self, service: str) -> Any:
        # The world's own clients are kept from test to test, and must stay as they are.
        return self if service == "codedeploy" else self.aws.client(service)

    def create_deployment(self, **asked: Any) -> Any:
        self.go.wait(60)
        return self.aws.client("codedeploy").create_deployment(**asked)

    def __getattr__(self, operation: str) -> Any:
        return getattr(self.aws.client("codedeploy"), operation)


def invoked(cloud: World) -> list[str]:
    """The versions that the function was run for."""
    return [each.event["RequestedVersion"] for each in cloud.invocations]
