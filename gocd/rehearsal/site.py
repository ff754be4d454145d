"""What a pipeline expects to find in AWS, read from its own command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gocd.errors import GoCDError
from gocd.numbers import whole
from gocd.pipeline import Pipeline
from gocd.task_calls import TaskCall, task_calls

REGION = "eu-west-1"

# The unit or service that a command line starts.
RESTARTED = re.compile(r"(?:systemctl(?: -\S+)* \S*start|\w+art-Service)(?: -\S+)* (\w[\w@.-]*)")

# The tasks whose first argument is an instance, and the one that takes all behind a load balancer.
ON_INSTANCES = ("detach-instance", "attach-instance", "deploy-artifact")
ON_FLEETS = "rolling-deploy"


@dataclass(frozen=True)
class DeploymentGroup:
    """A deployment group of a CodeDeploy application; *instances* by name."""

    application: str
    name: str
    instances: tuple[str, ...]


@dataclass(frozen=True)
class Fleet:
    """What is behind a load balancer where a pipeline names no instance.

    Args:
        by_hand: Instances that somebody launched.
        members: Those of an Auto Scaling group that is attached to the load balancer.
    """

    by_hand: int = 3
    members: int = 3

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that were launched by hand."""
        return tuple(f"Fleet-{number}" for number in range(1, self.by_hand + 1))


FLEET = Fleet()


@dataclass(frozen=True)
class HerdStack:
    """The HERD of an MDL instance in one environment, that the pipeline upgrades."""

    mdl_instance: str
    environment: str


@dataclass(frozen=True)
class Site:
    """Names of what must exist.

    Args:
        instances: By name, in the order they are first spoken of.
        fleet: In their place, if none is named.
        load_balancers: As the tasks are told them, ``classic:`` and ``target-group:`` included.
        unit: The systemd unit that a deployment restarts.
        port: Where the service listens on its instance.
        health_path: What tells whether it is well.
        deployment_groups: CodeDeploy's, each with the instances that are deployed to through it.
        herd: Instead of all these but the region.
        pair: The environments that take turns, first the one that is there, behind the one load balancer.
    """

    region: str
    instances: tuple[str, ...]
    load_balancers: tuple[str, ...]
    buckets: tuple[str, ...]
    install_to: str
    unit: str
    port: int
    health_path: str
    deployment_groups: tuple[DeploymentGroup, ...] = ()
    fleet: Fleet | None = None
    herd: HerdStack | None = None
    pair: tuple[str, str] | None = None

    @property
    def versions(self) -> tuple[str, str]:
        """The one that runs at first, and the one that is rolled out if nobody says which."""
        return ("0.83.0", "0.84.0") if self.herd else ("1.0", "2.0")


def read_site(pipeline: Pipeline, fleet: Fleet = FLEET) -> Site:
    """Read from the calls of *pipeline* what they are about; *fleet* is there if they name no instance.

    Raises:
        GoCDError: They deploy to no instance and no fleet, or to an AWS that is not this machine's.
    """
    calls = list(task_calls(pipeline))
    _refuse_other_aws([call.variables for call in calls])
    instances = [call.positionals[0] for call in calls if call.task in ON_INSTANCES and call.positionals]
    region = next((call.variables["AWS_REGION"] for call in calls if "AWS_REGION" in call.variables), REGION)
    herd = next((_herd(call) for call in calls if call.task == "upgrade-herd"), None)
    if herd:
        return Site(region, (), (), (), "", "", 0, "", herd=herd)
    pair = _pair(calls)
    if pair:
        instances = []
    elif not instances and not any(call.task == ON_FLEETS for call in calls):
        raise GoCDError(f"pipeline '{pipeline.name}' detaches, attaches and deploys to no instance")
    if not instances and not fleet.by_hand + fleet.members:
        raise GoCDError(f"pipeline '{pipeline.name}' deploys to a fleet, and there is nobody in it")
    status = urlsplit(_first(calls, "--status-url") or _first(calls, "--url"))
    return Site(
        region=region,
        instances=_each_once(instances),
        load_balancers=_each_once(
            [
                name
                for call in calls
                if call.task in ("detach-instance", "attach-instance", ON_FLEETS, "switch-traffic")
                for name in call.values("--load-balancer")
                if name != "all"
            ]
        )
        or (pipeline.name,),
        buckets=_each_once([bucket for call in calls if (bucket := call.value("--bucket"))]),
        install_to=_first(calls, "--install-to") or "/srv/app",
        unit=_unit(_first(calls, "--restart")),
        port=_port(status.netloc),
        health_path=status.path or "/_status",
        deployment_groups=tuple(_deployment_groups(calls, fleet.names)),
        fleet=None if instances or pair else fleet,
        pair=pair,
    )


def _deployment_groups(calls: list[TaskCall], fleet: tuple[str, ...]) -> Iterator[DeploymentGroup]:
    instances: dict[tuple[str, str], list[str]] = {}
    for call in calls:
        if call.task not in ("deploy-artifact", ON_FLEETS) or call.value("--via") != "codedeploy":
            continue
        for instance in fleet if call.task == ON_FLEETS else call.positionals[:1]:
            name = call.value("--deployment-group").replace("{name}", instance)
            instances.setdefault((call.value("--application") or "app", name), []).append(instance)
    for (application, name), members in instances.items():
        yield DeploymentGroup(application, name, _each_once(members))


def _pair(calls: list[TaskCall]) -> tuple[str, str] | None:
    """The two names of ``clone-environment blue:ONE,OTHER``, if there is such a call."""
    for call in calls:
        if call.task == "clone-environment" and (given := call.positionals):
            role, colon, names = given[0].partition(":")
            one, comma, other = names.partition(",")
            if role == "blue" and colon and comma:
                return one, other
    return None


def _unit(restart: str) -> str:
    """The unit or service that a command line restarts; what it ends with, if it says so in another way."""
    if named := RESTARTED.search(restart):
        return named[1].removesuffix(".service")
    return (restart.split() or ["app"])[-1].removesuffix(".service")


def _herd(call: TaskCall) -> HerdStack:
    return HerdStack(call.value("--mdl-instance"), call.value("--environment"))


def _first(calls: list[TaskCall], option: str) -> str:
    return next((value for call in calls if (value := call.value(option))), "")


def _each_once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _port(netloc: str) -> int:
    port = netloc.rpartition(":")[2]
    return whole(port) or 8080


def _refuse_other_aws(variables: list[Mapping[str, str]]) -> None:
    """A rehearsal never reaches beyond this machine, whatever the pipeline's variables say."""
    for name, value in ((name, value) for each in variables for name, value in each.items()):
        if name.startswith("AWS_ENDPOINT_URL") and urlsplit(value).hostname not in ("127.0.0.1", "localhost"):
            raise GoCDError(f"the pipeline sets {name} to {value}; a rehearsal stays on this machine")
