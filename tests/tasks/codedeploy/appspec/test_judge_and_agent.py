"""The judge's own table, gone through by the stand-in's agent too: neither refuses what the other takes."""

from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.accounts import FILES as ACCOUNTS
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.code_deploy.agent.agent import Agent
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.order import Order
from tasks.codedeploy.appspec.judge import judge
from tests.tasks.codedeploy.appspec.releases import FILES, bundle
from tests.tasks.codedeploy.appspec.test_judge import DOUBTED, HEAD, MISREAD, REFUSED, TAKEN

EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    "AfterAllowTraffic",
)
DONE = b"#!/bin/sh\n:\n"
RELEASE = {name: DONE if name.startswith("scripts/") else content for name, content in FILES.items()}

# Rights beyond those of mode, of all shapes.
ACES = [
    *("a:r", "u:a:r", "u:a:8", "g::r", "m::r", "m:r", "o:r", "o::r", "d:o:r", "d:m:a:r", "d:d:a:r", "x:a:r"),
    *(
        "d:u::rw",
        "default:group:a:rwx",
        "u:a:",
        "a",
        "a:b:c:d:e",
        ":r",
        "u:a:q",
        "d:7",
        "m",
        "::r",
        "user:m:r",
    ),
]

OTHERS = [
    HEAD + "files: [{source: 2, destination: /srv}]\n",
    HEAD + "files: [{source: /nowhere/, destination: /srv}]\n",
    HEAD + "files: [{source: bin/app, destination: /srv}, {source: /bin/, destination: /srv}]\n",
    HEAD + "hooks:\n  ApplicationStart: a.sh\n",
    HEAD + "hooks:\n  ApplicationStart: [{location: '  '}]\n",
    HEAD + "hooks:\n  ApplicationStart: [{location: scripts/start.sh, timeout: soon}]\n",
    HEAD + "hooks:\n  AfterAllowTraffic: [{location: scripts/gone.sh}]\n",
    HEAD + "permissions:\n- object: ''\n",
    HEAD + "permissions:\n- {object: /a, context: {type: t, range: 's0:c1,c1'}}\n",
    *(f"{HEAD}permissions:\n- {{object: /nowhere, acls: ['{ace}']}}\n" for ace in ACES),
]

# To set an access control list, a machine needs a program for it.
CASES = [
    *(appspec for appspec in TAKEN if "acls" not in appspec),
    *(HEAD + appspec for appspec, _ in DOUBTED),
    *(appspec for appspec, _ in REFUSED),
    *OTHERS,
]


def agent_takes(appspec: str | bytes, root: Path) -> bool:
    """Whether the agent gets through a deployment of a release with this appspec."""
    for name, text in ACCOUNTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    archive = root / "opt/codedeploy-agent/deployment-root/group/d-1/deployment-archive"
    for name, content in {"appspec.yml": appspec, **RELEASE}.items():
        (archive / name).parent.mkdir(parents=True, exist_ok=True)
        (archive / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (root / "opt/codedeploy-agent/deployment-root/deployment-instructions").mkdir()
    order = Order("d-1", "app", "group", "group", {"bucket": "b", "key": "k"}, "OVERWRITE", True)
    instance = Instance("i-1", "Staging-1", "127.0.0.1", "eu-west-1a", root, None)
    agent = Agent(order, instance, "mark", Clock(), lambda: True)
    try:
        for event in EVENTS:
            agent.obey(event)
    except AgentFailure:
        return False
    return True


def we_take(appspec: str | bytes) -> bool:
    return not judge(bundle(appspec, RELEASE), routes_traffic=True).faults


@pytest.mark.parametrize("appspec", CASES)
def test_we_refuse_what_the_agent_fails_for_and_nothing_else(appspec: str | bytes, tmp_path: Path) -> None:
    assert we_take(appspec) == agent_takes(appspec, tmp_path)


@pytest.mark.parametrize("appspec", [appspec for appspec, _ in MISREAD])
def test_what_the_agent_takes_for_something_else_we_refuse_all_the_same(
    appspec: str | bytes, tmp_path: Path
) -> None:
    assert agent_takes(appspec, tmp_path)
    assert not we_take(appspec)
