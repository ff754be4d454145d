"""Following a deployment by a clock that only sleeping moves: every status, and every odd answer."""

from collections.abc import Iterator, Sequence

import pytest

from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import Deployment, LifecycleEvent, Target
from tasks.codedeploy.follow import Ending, describe, follow, follow_rollback, problem
from tasks.running.errors import TimedOut
from tests.fakes import Stage

NAMES = {"i-1": "Staging-1"}


class FakeCodeDeploy(CodeDeploy):
    """Answers what each look at a deployment finds, the last of it for ever."""

    def __init__(self, *looks: tuple[Deployment, Sequence[LifecycleEvent]]) -> None:
        self._looks: dict[str, Iterator[tuple[Deployment, Sequence[LifecycleEvent]]]] = {}
        self._now: dict[str, tuple[Deployment, Sequence[LifecycleEvent]]] = {}
        for deployment_id in {deployment.id for deployment, _ in looks}:
            self._looks[deployment_id] = iter([look for look in looks if look[0].id == deployment_id])

    def deployment(self, deployment_id: str) -> Deployment:
        self._now[deployment_id] = next(self._looks[deployment_id], None) or self._now[deployment_id]
        return self._now[deployment_id][0]

    def targets(self, deployment_id: str, ids: Sequence[str] = ()) -> list[Target]:
        deployment, events = self._now[deployment_id]
        return [Target("i-1", deployment.status, events)] if events else []


def deployment(status: str, error: str = "") -> Deployment:
    return Deployment("d-1", status, error=error)


def done(name: str, seconds: float = 1.2) -> LifecycleEvent:
    return LifecycleEvent(name, "Succeeded", seconds, "Success")


def lines(stage: Stage) -> list[str]:
    """What was told, but for the lines that only show time passing."""
    return [line for line in stage.lines if " of up to " not in line]


def test_each_event_is_told_once_when_it_has_finished() -> None:
    stop, install = done("ApplicationStop"), done("Install", 40)
    under_way = LifecycleEvent("Install", "InProgress")
    fake = FakeCodeDeploy(
        (deployment("Created"), []),
        (deployment("Queued"), []),
        (deployment("InProgress"), [LifecycleEvent("ApplicationStop", "Pending")]),
        (deployment("InProgress"), [stop, under_way]),
        (deployment("InProgress"), [stop, install]),
        (deployment("Succeeded"), [stop, install]),
    )
    stage = Stage()
    ending = follow(fake, "d-1", NAMES, stage.wait, within=900)

    assert lines(stage) == [
        "Staging-1: ApplicationStop succeeded, 1.2 s",
        "Staging-1: Install succeeded, 40.0 s",
    ]
    assert [line.partition(", ")[0] for line in stage.lines if " of up to " in line] == [
        "d-1 is created",
        "d-1 waits in CodeDeploy's queue",
        "d-1 is in progress",
        "Staging-1: Install in progress",
        "d-1 is in progress",
    ]
    assert problem(ending, "i-1", "Staging-1") is None


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("Created", "d-1 is created"),
        ("Queued", "d-1 waits in CodeDeploy's queue"),
        ("InProgress", "d-1 is in progress"),
        ("Baking", "d-1 is done but for its bake time, in which alarms may still end it"),
        ("Ready", "d-1 waits for somebody to let traffic move: aws deploy continue-deployment"),
        ("Daydreaming", "d-1 is Daydreaming"),
        ("", "d-1 is "),
    ],
)
def test_a_status_that_is_no_end_is_waited_out_whatever_it_is(status: str, words: str) -> None:
    stage = Stage()
    fake = FakeCodeDeploy((deployment(status), [done("ValidateService")]))
    with pytest.raises(TimedOut, match=r"after 60 s$") as late:
        follow(fake, "d-1", NAMES, stage.wait, within=60)

    assert late.value.what.startswith(words)
    assert describe(deployment(status)).startswith(words)


@pytest.mark.parametrize(
    ("status", "target", "expected"),
    [
        ("Succeeded", "Succeeded", None),
        ("Succeeded", None, "d-1 has succeeded, but not with Staging-1"),
        *(
            ("Succeeded", each, f"d-1 has succeeded, but Staging-1 is {each}")
            for each in ("Pending", "InProgress", "Failed", "Skipped", "Unknown", "Ready", "Daydreaming")
        ),
        ("Failed", None, "d-1 has failed"),
        ("Failed", "Succeeded", "d-1 has failed"),
        ("Stopped", "Skipped", "d-1 was stopped"),
    ],
)
def test_only_a_success_of_the_whole_and_of_the_target_is_one(
    status: str, target: str | None, expected: str | None
) -> None:
    targets = [Target("i-2", "Succeeded"), *([Target("i-1", target)] if target else [])]

    assert problem(Ending(deployment(status), targets), "i-1", "Staging-1") == expected


def test_the_reason_is_the_events_own_or_else_the_deployments() -> None:
    failed = LifecycleEvent(
        "AfterInstall", "Failed", 1, "ScriptFailed", "a.sh", "... failed with exit\ncode 1"
    )
    lost = LifecycleEvent("Install", "Failed", None)
    stop = LifecycleEvent("ApplicationStop", "Failed", 1, "UnknownError", "", "a bad appspec")
    whole = Deployment("d-1", "Failed", error="too few healthy instances.", ignores_stop_failures=True)

    def said(*events: LifecycleEvent) -> str | None:
        ending = follow(FakeCodeDeploy((whole, events)), "d-1", NAMES, Stage().wait, within=60)
        return problem(ending, "i-1", "Staging-1")

    assert said(failed) == "d-1 has failed (AfterInstall: a.sh ended with exit code 1 (ScriptFailed))"
    assert said(lost) == "d-1 has failed (Install: without a reason)"
    assert said(stop) == said() == "d-1 has failed (too few healthy instances)"


def test_the_end_of_a_failed_scripts_log_is_shown_and_cannot_pass_for_something_else() -> None:
    log = "LifecycleEvent - Install\nScript - a.sh\n"
    log += "".join(f"[stdout]line {number}\n" for number in range(30))
    log += f"\x1b[2Jgone\rerror: {'x' * 500}\n"
    failed = LifecycleEvent("Install", "Failed", 2, "ScriptFailed", "a.sh", "it\nfailed\x1b[2J", log)
    after = [LifecycleEvent(name, "Skipped") for name in ("AfterInstall", "ApplicationStart")]
    stage = Stage()
    fake = FakeCodeDeploy((deployment("Failed"), [failed, *after]))
    follow(fake, "d-1", NAMES, stage.wait, within=60)

    assert stage.lines[0] == "Staging-1: Install failed, 2.0 s: a.sh failed: it failed [2J (ScriptFailed)"
    assert stage.lines[1] == "Staging-1: | ... 12 lines before these"
    assert stage.lines[2] == "Staging-1: | [stdout]line 12"
    assert stage.lines[-3] == "Staging-1: | gone"
    assert stage.lines[-2].startswith("Staging-1: | error: xxx")
    assert len(stage.lines[-2]) <= 320
    assert stage.lines[-1] == "Staging-1: skipped AfterInstall, ApplicationStart"
    assert len(stage.lines) == 23


ON_FAILURE = frozenset({"DEPLOYMENT_FAILURE"})


@pytest.mark.parametrize(
    ("failed", "rollback", "expected"),
    [
        (Deployment("d-1", "Failed"), None, "it was not rolled back (no rollback is set up)"),
        (Deployment("d-1", "Stopped", rolls_back_on=ON_FAILURE), None, "it was not rolled back"),
        (Deployment("d-1", "Failed", rolls_back_on=ON_FAILURE), None, "it was not rolled back"),
        (
            Deployment("d-1", "Failed", rolls_back_on=ON_FAILURE, rollback_words="There is none."),
            None,
            "it was not rolled back (There is none)",
        ),
        (
            Deployment("d-1", "Failed", rollback_id="d-2"),
            "Succeeded",
            "d-2 has rolled it back, and the release before runs again",
        ),
        (Deployment("d-1", "Failed", rollback_id="d-2"), "Failed", "its rollback d-2 has failed as well"),
        (Deployment("d-1", "Stopped", rollback_id="d-2"), "Stopped", "its rollback d-2 was stopped as well"),
        (Deployment("d-1", "Failed", rollback_id="d-2"), "Daydreaming", "its rollback d-2 still runs"),
    ],
)
def test_a_rollback_is_followed_to_its_end(failed: Deployment, rollback: str | None, expected: str) -> None:
    stage = Stage()
    second = [Deployment("d-2", rollback)] if rollback else []
    fake = FakeCodeDeploy(*((each, ()) for each in [failed, *second]))
    words = follow_rollback(fake, failed, NAMES, stage.wait, within=60)

    assert words.startswith(expected)


def test_a_rollback_that_begins_a_moment_later_is_waited_for() -> None:
    stage = Stage()
    failed = Deployment("d-1", "Failed", rolls_back_on=ON_FAILURE)
    fake = FakeCodeDeploy(
        (failed, []),
        (failed, []),
        (Deployment("d-1", "Failed", rollback_id="d-2"), []),
        (Deployment("d-2", "Succeeded"), [done("Install")]),
    )
    words = follow_rollback(fake, failed, NAMES, stage.wait, within=60)

    assert words.startswith("d-2 has rolled it back")
    assert "d-1: d-2 rolls it back" in stage.lines
