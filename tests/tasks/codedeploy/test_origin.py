"""Which release a failed script is from: for what runs before the new one is there, the one before it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

import pytest

from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import BlueGreen, Deployment, LifecycleEvent, Revision, Target
from tasks.aws.errors import AwsError
from tasks.codedeploy.follow import advice, follow
from tasks.codedeploy.origin import Origins
from tests.fakes import Stage

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
STOP = LifecycleEvent("ApplicationStop", "Failed", 1, "ScriptFailed", "stop.sh", "failed with exit code 1")


def deployment(number: int, version: str = "", status: str = "Succeeded") -> Deployment:
    """The deployment d-NUMBER, made at that minute; one without a version is another's."""
    described = f"gocd-tasks {version} 0123456789abcdef run of a test" if version else ""
    revision = Revision("theirs", f"{number}.zip", "zip")
    return Deployment(f"d-{number}", status, described, revision, START + timedelta(minutes=number))


class Installed(CodeDeploy):
    """Deployments of a group, and how Install ended in each."""

    def __init__(self, ended: Mapping[str, str], every: Sequence[Deployment] = ()) -> None:
        self._ended = ended
        self._every = {each.id: each for each in every}

    def all(self, application: str, group: str) -> list[Deployment]:
        return list(self._every.values())

    def deployment(self, deployment_id: str) -> Deployment:
        return self._every[deployment_id]

    def targets(self, deployment_id: str, ids: Sequence[str] = ()) -> list[Target]:
        events = [LifecycleEvent("Install", self._ended.get(deployment_id, "Skipped"))]
        return [Target("i-1", "Failed", [STOP, *events])]


class Denying(CodeDeploy):
    def __init__(self) -> None:
        return

    def all(self, application: str, group: str) -> list[Deployment]:
        raise AwsError("AWS refused codedeploy:ListDeployments")


EVERY = [
    deployment(1, "1.0"),
    deployment(2, "2.0", "Failed"),
    deployment(3, "3.0", "Failed"),
    deployment(4, "4.0"),
]


@pytest.mark.parametrize(
    ("installed", "words"),
    [
        # It counts as installed although a later event of it failed; and one after this one does not count.
        (
            {"d-1": "Succeeded", "d-2": "Succeeded", "d-4": "Succeeded"},
            "2.0, which was installed last (d-2),",
        ),
        ({"d-1": "Succeeded", "d-2": "Failed"}, "1.0, which was installed last (d-1),"),
        ({}, "the release that was installed last"),
    ],
)
def test_what_runs_before_the_new_release_is_there_is_from_the_one_installed_last(
    installed: Mapping[str, str], words: str
) -> None:
    origins = Origins(Installed(installed, EVERY))

    assert origins.of(STOP, EVERY[2], "i-1") == words
    assert origins.of(LifecycleEvent("AfterInstall", "Failed"), EVERY[2], "i-1") == "3.0"


def test_a_release_of_anothers_is_called_by_where_it_is() -> None:
    origins = Origins(Installed({}))

    assert origins.of(LifecycleEvent("AfterInstall", "Failed"), deployment(5), "i-1") == "s3://theirs/5.zip"


def test_what_may_not_be_looked_up_is_told_without_it() -> None:
    assert Origins(Denying()).of(STOP, EVERY[2], "i-1") == "the release that was installed last"


@pytest.mark.parametrize(
    ("event", "words"),
    [("BeforeBlockTraffic", "fetched"), ("AfterAllowTraffic", "installed"), ("ValidateService", None)],
)
def test_going_back_to_the_original_instances_turns_it_round(event: str, words: str | None) -> None:
    back = Deployment(
        "d-9", "Failed", rolls_back="d-8", blue_green=BlueGreen(), revision=Revision("b", "k", "zip")
    )
    expected = f"the release that was {words} last" if words else "s3://b/k"

    assert Origins(Denying()).of(LifecycleEvent(event, "Failed"), back, "i-1") == expected


def test_a_script_of_the_release_before_that_would_fail_again_is_told_with_what_to_do() -> None:
    code_deploy = Installed({"d-1": "Succeeded"}, EVERY)
    ending = follow(code_deploy, "d-3", {"i-1": "Staging-1"}, Stage().wait, within=60)
    said = advice(ending)

    assert said is not None
    assert said.startswith(
        "Every deployment runs the same stop.sh until one is installed: have it passed over: aws deploy"
    )
    assert "/opt/codedeploy-agent/deployment-root" in said
