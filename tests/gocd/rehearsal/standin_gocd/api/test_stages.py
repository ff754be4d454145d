from pathlib import Path

import pytest
import requests

from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import GoCD, serving


def said(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


def results(gocd: GoCD, locator: str, counter: int) -> dict[str, str]:
    return {job["name"]: job["result"] for job in gocd.until_over(locator, counter)["jobs"]}


def test_failed_jobs_alone_run_again_under_the_next_counter_and_the_others_count(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/fails/schedule")
    first = results(gocd, "fails/1/one", 1)

    accepted = gocd.post("/api/stages/fails/1/one/1/run-failed-jobs", version=3)

    assert first == {"good": "Passed", "bad": "Failed"}
    assert accepted.status_code == 202
    second = gocd.until_over("fails/1/one", 2)
    good, bad = second["jobs"]
    assert (second["rerun_of_counter"], second["result"]) == (1, "Failed")
    assert (good["result"], good["rerun"], good["original_job_id"] is None) == ("Passed", False, False)
    assert (bad["result"], bad["rerun"], bad["original_job_id"]) == ("Failed", True, None)
    # A job that was not run again still has its files.
    assert "exit" in gocd.get("/files/fails/1/one/2/good/cruise-output/console.log").text


def test_a_stage_without_failures_has_no_failed_jobs_to_run(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/app/schedule")
    gocd.until_over("app/1/build")

    assert said(gocd.post("/api/stages/app/1/build/1/run-failed-jobs", version=3)) == (
        400,
        "There are no failed jobs in the stage that could be re-run",
    )


def test_chosen_jobs_run_again_if_the_stage_has_them(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/fails/schedule")
    gocd.until_over("fails/1/one")
    path = "/api/stages/fails/1/one/1/run-selected-jobs"

    assert said(gocd.post(path, {"jobs": ["best"]}, version=3)) == (
        404,
        "Job(s) [best] does not exist in stage 'fails/1/one/1'.",
    )
    assert gocd.post(path, {}, version=3).status_code == 422
    assert gocd.post(path, {"jobs": ["good"]}, version=3).status_code == 202
    assert results(gocd, "fails/1/one", 2) == {"good": "Passed", "bad": "Failed"}


def test_a_whole_stage_runs_again_and_the_next_one_in_its_turn(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/fails/schedule")
    gocd.until_over("fails/1/one")

    not_yet = said(gocd.post("/api/stages/fails/latest/nothing/run", version=2))
    assert said(gocd.post("/api/stages/fails/latest/two/run", version=2)) == (
        202,
        "Request to schedule stage fails/1/two accepted",
    )
    assert gocd.until_over("fails/1/two")["result"] == "Passed"
    assert said(gocd.post("/api/stages/fails/1/one/run", version=2))[0] == 202
    assert gocd.until_over("fails/1/one", 2)["result"] == "Failed"
    assert not_yet[0] == 500
    assert not_yet[1].endswith("Cause: Stage 'nothing' not found in pipeline 'fails'")


def test_a_stage_cannot_run_before_its_turn_or_while_the_run_is_under_way(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/waits/schedule")
    gocd.until("/api/pipelines/waits/1", lambda _: True)
    building = gocd.get("/api/agents", 7).json()["_embedded"]["agents"][0]
    again = said(gocd.post("/api/stages/waits/1/one/run", version=2))
    too_early = said(gocd.post("/api/stages/waits/1/three/run", version=2))
    gocd.post("/api/stages/waits/1/one/1/cancel", version=3)
    in_turn = said(gocd.post("/api/stages/waits/1/two/run", version=2))

    under_way = "Pipeline[name='waits', counter='1', label='1'] is still in progress"
    before = "Can not run stage [three] in pipeline [waits] because its previous stage has not been run."
    assert (building["build_state"], building["build_details"]["stage_name"]) == ("Building", "one")
    assert again == (409, f"Cannot schedule: {under_way}")
    assert too_early == (400, before)
    assert in_turn == (202, "Request to schedule stage waits/1/two accepted")


def test_a_cancelled_stage_is_over_at_once_and_its_job_is_told(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/waits/schedule")
    gocd.until("/api/stages/waits/1/one/1", lambda stage: stage["jobs"][0]["state"] == "Building", 3)

    cancelled = said(gocd.post("/api/stages/waits/1/one/1/cancel", version=3))
    again = said(gocd.post("/api/stages/waits/1/one/1/cancel", version=3))

    stage = gocd.get("/api/stages/waits/1/one/1", 3).json()
    assert cancelled == (200, "Stage cancelled successfully.")
    assert again == (200, "Stage is not active. Cancellation Ignored.")
    assert (stage["result"], stage["cancelled_by"]) == ("Cancelled", "anonymous")
    assert gocd.get("/api/pipelines/waits/1").json()["stages"][1]["scheduled"] is False


def test_what_an_agent_goes_on_with_after_a_cancel_is_killed_by_hand(tmp_path: Path) -> None:
    stubborn = bash("trap '' TERM; echo begun; for i in $(seq 300); do sleep 0.1; done")
    with serving(tmp_path, pipeline(stage("one", stubborn), name="app"), fleet=[()]) as gocd:
        (agent,) = gocd.server.agents.workplaces
        kill = f"/api/agents/{agent.uuid}/kill_running_tasks"
        idle = said(gocd.post(kill, version=7))
        gocd.post("/api/pipelines/app/schedule")
        console = gocd.folder / "artifacts/app/1/one/1/job/cruise-output/console.log"
        gocd.until("/api/agents", lambda _: console.exists() and " begun\n" in console.read_text(), 7)
        gocd.post("/api/stages/app/1/one/1/cancel", version=3)

        is_over = gocd.get("/api/stages/app/1/one/1", 3).json()["result"]
        at_work = gocd.get(f"/api/agents/{agent.uuid}", 7).json()["build_state"]
        killed = gocd.post(kill, version=7)
        gocd.until(f"/api/agents/{agent.uuid}", lambda agent: agent["build_state"] == "Idle", 7)

    should = "The agent should be in cancelled state before attempting to kill running tasks"
    assert idle == (409, f"{should}. Current Agent state is: 'Idle'")
    assert (is_over, at_work, killed.status_code, killed.text) == ("Cancelled", "Cancelled", 202, "")


def test_a_job_tells_every_state_it_went_through(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/app/schedule")
    gocd.until_over("app/1/build")

    job = gocd.get("/api/jobs/app/1/build/1/job").json()

    states = [each["state"] for each in job["job_state_transitions"]]
    assert states == ["Scheduled", "Assigned", "Preparing", "Building", "Completing", "Completed"]
    assert (job["pipeline_name"], job["pipeline_counter"], job["stage_counter"]) == ("app", 1, "1")
    assert gocd.get(f"/api/agents/{job['agent_uuid']}", 7).json()["resources"] == []
    in_stage = gocd.get("/api/stages/app/1/build/1", 3).json()["jobs"][0]
    assert (in_stage["pipeline_name"], in_stage["stage_counter"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("stages/none/1/one/1", 404, "Not Found { Pipeline 'none' not found }"),
        ("stages/app/1/build/1", 404, "Not Found { Pipeline 'app' with counter '1' not found }"),
        ("jobs/app/1/build/1/job", 404, "No job instance was found for 'app/1/build/1/job'."),
        ("jobs/app/x/build/1/job", 400, "The params 'pipeline_counter' must be a number greater than 0."),
    ],
)
def test_what_has_not_run_is_not_found(path: str, status: int, text: str, gocd: GoCD) -> None:
    version = 3 if path.startswith("stages") else 1

    assert said(gocd.get(f"/api/{path}", version)) == (status, text)


def test_the_runs_of_a_stage_are_told_the_newest_first(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/fails/schedule")
    gocd.until_over("fails/1/one")
    gocd.post("/api/stages/fails/1/one/run", version=2)
    gocd.until_over("fails/1/one", 2)

    stages = gocd.get("/api/stages/fails/one/history", 3).json()["stages"]

    assert [(each["counter"], each["result"]) for each in stages] == [("2", "Failed"), ("1", "Failed")]
