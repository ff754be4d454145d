"""What to rehearse, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PureWindowsPath
from typing import Literal
from urllib.parse import urlsplit

from gocd.errors import GoCDError
from gocd.finding import Finding, Level
from gocd.lint.files import lint
from gocd.lint.program import Program
from gocd.numbers import whole
from gocd.pipeline import Pipeline
from gocd.reading.pipelines import read_parameters, read_pipelines
from gocd.rehearsal.names_here import names_here, with_names_here
from gocd.rehearsal.site import FLEET, Fleet
from gocd.rehearsal.standin_gocd.agents import Resources

Kind = Literal["application", "network", "classic"]
Platform = Literal["linux", "windows"]

# What a site of Windows hosts gives for the parameters of the templates that are about a host.
ON_WINDOWS = {"install_to": r"C:\srv\app", "restart": "Restart-Service app"}


@dataclass(frozen=True)
class Plan:
    """One rehearsal.

    Args:
        file: The pipeline file.
        folder: Where everything of the rehearsal is kept; emptied first.
        rate: Requests a second.
        speed: Divides what AWS makes people wait for, and the file's parameters named ``*_seconds``.
        kind: What a load balancer is where the pipeline does not say.
        platform: What the instances run.
        version: The one that is rolled out; empty for the one that suits the pipeline.
        parameters: In place of the file's own values.
        secrets: Values of the secure variables.
        approve: Manual stages that may run.
        artifact: The release to roll out, instead of the sample service's.
        users_plan: A JMeter plan to send the traffic with, instead of the rehearsal's own.
        fault: The name of a fault to inject, or none.
        fleet: What is behind the load balancer where the pipeline names no instance.
        rerun: Run a stage that failed once more, as a person would by hand.
        turns: How often environments that take turns do so.
        program: The command line that the pipeline's calls are held against; None holds them against none.
        agents: The resources of each agent that there is; None for as many as there are jobs at a time.
        serve: Let the server be asked over HTTP, and trigger the pipeline that way.
        keep: Called once the pipeline has ended; AWS goes when it returns.
    """

    file: Path
    folder: Path
    rate: float = 400.0
    speed: float = 30.0
    kind: Kind = "application"
    platform: Platform = "linux"
    version: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    approve: Sequence[str] = ()
    artifact: Path | None = None
    users_plan: Path | None = None
    fault: str = ""
    fleet: Fleet = FLEET
    rerun: bool = False
    turns: int = 1
    program: Program | None = None
    keep: Callable[[], None] | None = None
    agents: Sequence[Resources] | None = None
    serve: bool = False

    @property
    def inputs(self) -> list[Path]:
        """The files that it is made from."""
        return [file for file in (self.file, self.artifact, self.users_plan) if file]

    def scaled_parameters(self) -> dict[str, tuple[str, str]]:
        """The parameters named ``*_seconds``, each with its own value and the one divided by the speed.

        Whole seconds, and never none. Limits, ``*_at_most_seconds``, are no waits, and stay.

        Raises:
            GoCDError: The file does not hold exactly one pipeline.
        """
        return {
            name: (value, str(max(1, round(seconds / self.speed))))
            for name, value in self._own_parameters().items()
            if name.endswith("_seconds")
            and not name.endswith("_at_most_seconds")
            and (seconds := whole(value)) is not None
        }

    def platform_parameters(self) -> dict[str, tuple[str, str]]:
        """The parameters that are about a host, each with its own value and one for the instances' platform.

        Raises:
            GoCDError: The file does not hold exactly one pipeline.
        """
        own = self._own_parameters()
        if self.platform == "linux" or PureWindowsPath(own.get("install_to", "")).drive:
            return {}
        return {name: (own[name], value) for name, value in ON_WINDOWS.items() if name in own}

    def _own_parameters(self) -> dict[str, str]:
        """Those of the file that nobody has given another value."""
        return {name: value for name, value in self._declared.items() if name not in self.parameters}

    @cached_property
    def _declared(self) -> Mapping[str, str]:
        """The parameters of the file's one pipeline, with its own values."""
        declared = read_parameters(self.file)
        if len(declared) != 1:
            raise GoCDError(f"{self.file} holds {len(declared)} pipelines; a rehearsal runs a file with one")
        [parameters] = declared.values()
        return parameters

    def pipeline(self, users: str = "") -> Pipeline:
        """Read the pipeline, its waits divided by the speed.

        Args:
            users: The URL that its own traffic goes to, if it has any.

        Raises:
            GoCDError: The file is wrong, an approved stage is not in it, or its first stage is manual and
                not approved: what a person must approve never runs here unasked.
        """
        changed = {**self.scaled_parameters(), **self.platform_parameters()}
        given = {name: value for name, (_, value) in changed.items()}
        pipeline = read_pipelines(self.file, {**given, **self._led_to(users), **self.parameters})[0]
        names = [stage.name for stage in pipeline.stages]
        if unknown := [name for name in self.approve if name not in names]:
            raise GoCDError(f"there is no stage {unknown[0]!r} to approve; there are: {', '.join(names)}")
        if pipeline.stages and pipeline.stages[0].approval.manual and names[0] not in self.approve:
            raise GoCDError(f"stage {names[0]} is manual, and the first; it runs with --approve {names[0]}")
        return with_names_here(pipeline)

    def names_here(self) -> dict[str, str]:
        """What the file calls in a way that can only be had in the site's own AWS, each with its name here.

        Raises:
            GoCDError: The file is wrong.
        """
        return names_here(read_pipelines(self.file, self.parameters)[0])

    @cached_property
    def findings(self) -> list[Finding]:
        """What is wrong with the file.

        Raises:
            GoCDError: No pipeline of it has one of the parameters.
        """
        return lint([self.file], self.program, self.parameters)

    def check_file(self) -> None:
        """Hold that the file has no errors.

        Raises:
            GoCDError: It has; the first of them.
        """
        errors = [each for each in self.findings if each.level is Level.ERROR]
        if errors:
            more = f"; {len(errors) - 1} more: gocd-tasks pipeline lint {self.file}" if errors[1:] else ""
            raise GoCDError(f"{errors[0]}{more}")

    def _led_to(self, users: str) -> dict[str, str]:
        """The parameters that say where a pipeline sends its own traffic, set to *users*."""
        url = urlsplit(users)
        build_info = urlsplit(self._declared.get("build_info_url", ""))
        here = {
            "traffic_host": url.hostname or "",
            "traffic_port": str(url.port or ""),
            "build_info_url": build_info._replace(scheme=url.scheme, netloc=url.netloc).geturl(),
        }
        return {name: value for name, value in here.items() if users and name in self._declared}
