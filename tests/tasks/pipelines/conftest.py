"""A GoCD server with a few pipelines, and the command line that is led to it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gocd.pipeline import Approval, Job, Material, Stage, Variables
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import TOKEN, USERS, GoCD, serving
from tests.program import CommandLine, Done

# What runs until a test opens the gate: a file that is named after the pipeline and the stage.
WAIT = bash('until [ -e "$GATE/$GO_PIPELINE_NAME-$GO_STAGE_NAME" ]; do sleep 0.02; done')

FAILS = bash("for i in $(seq 30); do echo line $i; done; echo oh no; exit $HOW")

PIPELINES = (
    # A build, and a deployment that somebody has to begin.
    pipeline(
        stage("build", bash("echo for $TARGET; [ ${#PIN} = 12 ] && echo the same; echo pin $PIN")),
        stage("deploy", bash("echo to $TARGET"), approval=Approval(manual=True)),
        name="app",
        variables=Variables({"TARGET": "here"}, {"KEY": "", "PIN": ""}),
    ),
    pipeline(
        stage("one", bash("true")),
        name="down",
        materials=(Material("up", "dependency", pipeline="app", stage="build"),),
    ),
    pipeline(stage("one", bash("exit 1")), name="before"),
    pipeline(
        stage("one", bash("true")),
        name="behind",
        materials=(Material("up", "dependency", pipeline="before", stage="one"),),
    ),
    pipeline(
        Stage("one", (Job("good", (bash("true"),)), Job("bad", (FAILS, bash("echo clean up", "any"))))),
        stage("two", bash("true")),
        stage("three", bash("true")),
        name="fails",
        variables=Variables({"HOW": "3"}),
    ),
)


@dataclass
class Shell:
    """The command line beside a server, with an administrator's token."""

    gocd: GoCD
    line: CommandLine
    gates: Path

    def __call__(self, *words: str, **variables: str) -> Done:
        return self.line("pipeline", *words, **variables)

    def open(self, gate: str) -> None:
        """Let a stage go on that waits, such as ``waits-one``."""
        (self.gates / gate).touch()

    def ran(self, name: str) -> None:
        """Have a run of a pipeline, and wait until the first stage of it is over."""
        served = self.gocd.server.served(name)
        self.gocd.server.trigger(name, "jez")
        counter = len(served.instances) + 1
        self.gocd.until_over(f"{name}/{counter}/{served.first_stage.name}", **AS_ADMIN)

    @property
    def orders(self) -> list[str]:
        """What the server was asked to do, beside telling."""
        return [each for each in self.gocd.faults.asked if not each.startswith("GET ")]


AS_ADMIN: dict[str, Any] = {"auth": ("jez", "badger")}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A server with security on; ``waits`` and ``locks`` wait for gates."""
    gates = tmp_path / "gates"
    gates.mkdir()
    gate = Variables({"GATE": str(gates)})
    waiting = pipeline(
        stage("one", WAIT), stage("two", WAIT), stage("three", bash("true")), name="waits", variables=gate
    )
    locking = pipeline(
        stage("one", WAIT),
        stage("two", bash("exit 1")),
        stage("three", bash("true")),
        name="locks",
        variables=gate,
        lock_behavior="lockOnFailure",
    )
    with serving(tmp_path / "gocd", *PIPELINES, waiting, locking, users=USERS) as gocd:
        environment = {
            "PATH": os.environ["PATH"],
            "GOCD_TASKS_SERVER": gocd.url,
            "GOCD_ACCESS_TOKEN": TOKEN,
        }
        yield Shell(gocd, CommandLine(environment, tmp_path), gates)
