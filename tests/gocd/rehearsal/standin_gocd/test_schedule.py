"""What follows what, where several runs and pipelines are under way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gocd.pipeline import Approval, Artifact, Fetch, Job, Material, Stage, Variables
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import GoCD, serving

WAIT = bash('until [ -e "$GATE/$GO_STAGE_NAME-$GO_PIPELINE_COUNTER" ]; do sleep 0.02; done; [ $HOW = well ]')
STRICT = Approval(allow_only_on_success=True)


@pytest.fixture
def gocd(tmp_path: Path) -> Iterator[GoCD]:
    publish = Job("job", (bash("echo $GO_PIPELINE_COUNTER > n"),), artifacts=(Artifact("build", "n"),))
    take = Fetch("BUILD", "Job", "n", pipeline="up", is_file=True)
    variables = Variables({"GATE": str(tmp_path), "HOW": "well"})
    up = Material("up", "dependency", pipeline="up", stage="build")
    with serving(
        tmp_path / "gocd",
        pipeline(stage("one", WAIT), stage("two", WAIT, approval=STRICT), name="app", variables=variables),
        pipeline(
            stage("one", WAIT),
            stage("two", WAIT),
            name="once",
            variables=variables,
            lock_behavior="unlockWhenFinished",
        ),
        pipeline(Stage("build", (publish,)), name="up"),
        pipeline(stage("one", take, bash("cat n")), name="down", materials=(up,), label_template="${up}-d"),
        pipeline(stage("one", bash("true"), approval=Approval(manual=True)), name="by-hand", materials=(up,)),
    ) as made:
        yield made


def scheduled(gocd: GoCD, name: str, counter: int = 1) -> list[bool]:
    run = gocd.get(f"/api/pipelines/{name}/{counter}").json()
    return [each["scheduled"] for each in run["stages"]]


def test_of_many_who_trigger_at_once_one_begins_a_run(gocd: GoCD) -> None:
    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(lambda _: gocd.post("/api/pipelines/app/schedule").status_code, range(8)))

    assert sorted(answers) == [202, *[409] * 7]
    gocd.until("/api/pipelines/app/1", lambda _: True)
    assert len(gocd.get("/api/pipelines/app/history").json()["pipelines"]) == 1


def test_nothing_follows_in_a_pipeline_that_is_paused_and_nothing_later_either(
    gocd: GoCD, tmp_path: Path
) -> None:
    gocd.post("/api/pipelines/app/schedule")
    gocd.until("/api/pipelines/app/1", lambda _: True)
    gocd.post("/api/pipelines/app/pause")
    (tmp_path / "one-1").touch()
    gocd.until_over("app/1/one")
    by_hand = gocd.post("/api/stages/app/1/two/run", version=2)
    gocd.post("/api/pipelines/app/unpause")

    assert scheduled(gocd, "app") == [True, False]
    assert by_hand.json() == {"message": "Cannot schedule: Pipeline app is paused"}
    assert gocd.post("/api/stages/app/1/two/run", version=2).status_code == 202


def test_a_stage_that_is_only_for_success_is_not_run_by_hand_after_a_failure_until_it_has_run(
    gocd: GoCD, tmp_path: Path
) -> None:
    badly = {"environment_variables": [{"name": "HOW", "value": "badly"}]}
    gocd.post("/api/pipelines/app/schedule", badly)
    (tmp_path / "one-1").touch()
    gocd.until_over("app/1/one")

    refused = gocd.post("/api/stages/app/1/two/run", version=2)

    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "Cannot schedule two as the previous stage one has Failed!",
    )
    assert gocd.get("/api/pipelines/app/1").json()["stages"][1]["can_run"] is False


def test_a_run_that_holds_the_lock_lets_go_of_it_when_it_stops(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/once/schedule")
    gocd.until("/api/pipelines/once/1", lambda _: True)
    locked = gocd.get("/api/pipelines/once/status").json()["locked"]
    gocd.post("/api/stages/once/1/one/1/cancel", version=3)

    assert locked
    assert not gocd.get("/api/pipelines/once/status").json()["locked"]
    assert gocd.post("/api/pipelines/once/schedule").status_code == 202


def test_an_older_run_cannot_go_on_while_a_newer_one_holds_the_lock(gocd: GoCD, tmp_path: Path) -> None:
    gocd.post("/api/pipelines/once/schedule")
    gocd.until("/api/pipelines/once/1", lambda _: True)
    gocd.post("/api/stages/once/1/one/1/cancel", version=3)
    gocd.post("/api/pipelines/once/schedule")
    (tmp_path / "one-2").touch()
    gocd.until_over("once/2/one")
    gocd.until("/api/stages/once/2/two/1", lambda _: True, 3)

    refused = gocd.post("/api/stages/once/1/one/run", version=2)

    assert refused.status_code == 500
    assert refused.json()["message"].endswith("Cause: Pipeline 'once' is already locked (counter = 2)")
    assert gocd.get("/api/pipelines/once/1").json()["stages"][0]["can_run"] is False


def test_a_pipeline_behind_another_takes_what_that_run_published_and_begins_again_with_the_next(
    gocd: GoCD,
) -> None:
    for counter in (1, 2):
        gocd.post("/api/pipelines/up/schedule")
        run = gocd.until(f"/api/pipelines/down/{counter}", lambda _: True)
        assert gocd.until_over(f"down/{counter}/one")["result"] == "Passed"
        console = gocd.get(f"/files/down/{counter}/one/1/job/cruise-output/console.log").text.splitlines()
        assert [line[16:] for line in console if line[:2] == "&1" and not line[16:].startswith("[go]")] == [
            str(counter)
        ]
        (material,) = run["build_cause"]["material_revisions"]
        assert (run["label"], run["stages"][0]["approved_by"]) == (f"{counter}-d", "changes")
        assert material["material"]["type"] == "Pipeline"
        assert material["modifications"][0]["revision"] == f"up/{counter}/build/1"
    assert gocd.server.served("by-hand").instances == []


def test_a_pipeline_whose_upstream_never_passed_is_accepted_and_never_begins(gocd: GoCD) -> None:
    accepted = gocd.post("/api/pipelines/down/schedule")

    gocd.until("/api/pipelines/down/status", lambda status: status["schedulable"])
    assert accepted.status_code == 202
    assert gocd.get("/api/pipelines/down/history").json() == {"pipelines": []}


def test_a_closed_server_has_cancelled_whatever_ran(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/app/schedule")
    gocd.until("/api/pipelines/app/1", lambda _: True)

    gocd.server.close()

    assert gocd.get("/api/stages/app/1/one/1", 3).json()["result"] == "Cancelled"
    assert [each.job for each in gocd.server.agents.workplaces] == [None]
