from pathlib import Path

import pytest
import requests

from tests.gocd.rehearsal.standin_gocd.serving import GoCD


def said(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


def test_a_trigger_over_http_runs_the_pipeline(gocd: GoCD) -> None:
    answer = gocd.post("/api/pipelines/app/schedule")

    assert said(answer) == (202, "Request to schedule pipeline app accepted")
    run = gocd.until("/api/pipelines/app/1", lambda run: run["stages"][0].get("result") == "Passed")
    cause = run["build_cause"]
    assert (run["counter"], run["label"], cause["trigger_message"]) == (1, "1", "Forced by anonymous")
    assert [stage["status"] for stage in run["stages"]] == ["Passed", "Unknown"]
    assert [stage["scheduled"] for stage in run["stages"]] == [True, False]
    assert [stage["can_run"] for stage in run["stages"]] == [True, True]


def test_a_stage_that_passes_starts_the_pipeline_behind_it(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/app/schedule")

    run = gocd.until("/api/pipelines/down/1", lambda run: run["stages"][0].get("result") == "Passed")
    assert run["build_cause"]["trigger_message"] == "triggered by app/1/build/1"
    console = gocd.get("/files/down/1/one/1/job/cruise-output/console.log").text
    assert "app/1/build/1" in console


def test_the_run_of_a_trigger_comes_later_and_until_then_nobody_can_ask_for_another(gocd: GoCD) -> None:
    gocd.server.pause("waits", "jez", "a look at the disks")

    paused = said(gocd.post("/api/pipelines/waits/schedule"))
    gocd.server.unpause("waits")
    with gocd.server.changed:
        # What is held is what the server would look with.
        gocd.server.trigger("waits", "jez")
        with pytest.raises(Exception, match="Pipeline already triggered"):
            gocd.server.trigger("waits", "ann")

    assert paused == (409, "Failed to trigger pipeline [waits] { Pipeline waits is paused }")
    gocd.until("/api/pipelines/waits/1", lambda _: True)
    under_way = "Stage [one] in pipeline [waits] is still in progress"
    assert said(gocd.post("/api/pipelines/waits/schedule")) == (
        409,
        f"Failed to trigger pipeline [waits] {{ {under_way} }}",
    )


def test_two_runs_of_one_pipeline_go_on_side_by_side_each_with_its_counter(
    gocd: GoCD, tmp_path: Path
) -> None:
    gocd.post("/api/pipelines/waits/schedule")
    (tmp_path / "waits-one-job").touch()
    gocd.until_over("waits/1/one")

    gocd.post("/api/pipelines/waits/schedule")

    gocd.until_over("waits/2/one")
    history = gocd.get("/api/pipelines/waits/history").json()["pipelines"]
    assert [(run["counter"], run["stages"][1]["status"]) for run in history] == [
        (2, "Unknown"),
        (1, "Building"),
    ]
    (tmp_path / "waits-two-job").touch()
    gocd.until_over("waits/1/two")
    # GoCD runs a stage once at a time, and comes back to the newer run that found it under way.
    gocd.until_over("waits/2/two")


def test_variables_are_given_at_the_trigger_and_only_those_that_are_declared(gocd: GoCD) -> None:
    unknown = {"environment_variables": [{"name": "TARGTE", "value": "x"}]}
    given = {"environment_variables": [{"name": "TARGET", "value": "there"}]}

    assert said(gocd.post("/api/pipelines/app/schedule", unknown)) == (
        422,
        "Request to schedule pipeline rejected "
        "{ Variable 'TARGTE' has not been configured for pipeline 'app' }",
    )
    gocd.post("/api/pipelines/app/schedule", given)
    gocd.until_over("app/1/build")
    gocd.post("/api/stages/app/1/deploy/run", version=2)
    gocd.until_over("app/1/deploy")
    assert "there" in gocd.get("/files/app/1/deploy/1/job/cruise-output/console.log").text


def test_what_can_be_given_at_a_trigger_is_told_with_fingerprints(gocd: GoCD) -> None:
    options = gocd.get("/api/pipelines/app/trigger_options").json()

    assert options["variables"] == [
        {"name": "TARGET", "secure": False, "value": "here"},
        {"name": "KEY", "secure": True},
    ]
    (material,) = options["materials"]
    assert (material["type"], material["name"], material["revision"]) == ("Git", "app", {})
    wrong = {"materials": [{"fingerprint": "0", "revision": "1"}]}
    assert gocd.post("/api/pipelines/app/schedule", wrong).status_code == 422
    empty = {"materials": [{"fingerprint": material["fingerprint"], "revision": ""}]}
    assert "has empty revision" in said(gocd.post("/api/pipelines/app/schedule", empty))[1]


def test_a_pause_is_told_and_is_there_once(gocd: GoCD) -> None:
    paused = said(gocd.post("/api/pipelines/app/pause", {"pause_cause": "disks"}))
    status = gocd.get("/api/pipelines/app/status").json()
    again = said(gocd.post("/api/pipelines/app/pause"))
    resumed = said(gocd.post("/api/pipelines/app/unpause"))
    resumed_again = said(gocd.post("/api/pipelines/app/unpause"))

    assert paused == (200, "Pipeline 'app' paused successfully.")
    assert status == {
        "paused": True,
        "paused_cause": "disks",
        "paused_by": "anonymous",
        "locked": False,
        "schedulable": False,
    }
    assert again == (409, "Failed to pause pipeline 'app'. Pipeline 'app' is already paused.")
    assert resumed == (200, "Pipeline 'app' unpaused successfully.")
    assert resumed_again == (409, "Failed to unpause pipeline 'app'. Pipeline 'app' is already unpaused.")


def test_a_lock_is_held_by_a_run_that_stopped_and_let_go_by_hand(gocd: GoCD, tmp_path: Path) -> None:
    no_lock = said(gocd.post("/api/pipelines/app/unlock"))
    nobody = said(gocd.post("/api/pipelines/locks/unlock"))
    gocd.post("/api/pipelines/locks/schedule")
    gocd.until("/api/pipelines/locks/1", lambda _: True)
    under_way = said(gocd.post("/api/pipelines/locks/unlock"))
    gocd.post("/api/stages/locks/1/one/1/cancel", version=3)
    locked = said(gocd.post("/api/pipelines/locks/schedule"))
    unlocked = said(gocd.post("/api/pipelines/locks/unlock"))

    assert no_lock == (409, "No lock exists within the pipeline configuration for app")
    assert nobody[0] == 409
    assert "no pipeline instance is currently in progress" in nobody[1]
    assert under_way[0] == 409
    assert "is currently running" in under_way[1]
    held = "Pipeline locks is locked as another instance of this pipeline is running."
    assert locked == (409, f"Pipeline locks cannot be scheduled {{ {held} }}")
    assert unlocked == (200, "Pipeline lock released for locks")
    assert gocd.get("/api/pipelines/locks/status").json()["schedulable"]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("none/1", 404, "Pipeline named [none] is not known."),
        ("app/9", 404, "Pipeline [app/9] not found."),
        ("app/0", 422, "Your request could not be processed. The pipeline counter cannot be less than 1."),
        (
            "app/latest",
            422,
            "Your request could not be processed. The pipeline counter should be an integer.",
        ),
        ("none/status", 404, "Not Found { Pipeline not found }"),
        ("none/history", 404, "Pipeline with name 'none' was not found!"),
        (
            "app/history?page_size=5",
            400,
            "The query parameter 'page_size', if specified must be a number between 10 and 100.",
        ),
    ],
)
def test_what_is_not_there_is_refused_in_gocds_words(path: str, status: int, text: str, gocd: GoCD) -> None:
    assert said(gocd.get(f"/api/pipelines/{path}")) == (status, text)


def test_a_long_history_is_told_in_pages(gocd: GoCD) -> None:
    for _ in range(12):
        counter = len(gocd.server.served("down").instances) + 1
        if counter == 1:
            gocd.post("/api/pipelines/app/schedule")
        else:
            gocd.post("/api/pipelines/down/schedule")
        gocd.until_over(f"down/{counter}/one")

    first = gocd.get("/api/pipelines/down/history").json()
    second = gocd.get(first["_links"]["next"]["href"].removeprefix(gocd.url)).json()
    back = gocd.get(second["_links"]["previous"]["href"].removeprefix(gocd.url)).json()

    assert [run["counter"] for run in first["pipelines"]] == list(range(12, 2, -1))
    assert [run["counter"] for run in second["pipelines"]] == [2, 1]
    assert back == first
    assert "previous" not in first["_links"]
