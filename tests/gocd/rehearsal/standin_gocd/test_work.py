"""What a job is given by those that came before it."""

from pathlib import Path

import pytest

from gocd.pipeline import Artifact, Fetch, Job, Material, Stage
from gocd.rehearsal.standin_gocd.materials import Upstream
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import serving

BUILD = pipeline(
    Stage(
        "build",
        (Job("job", (bash("echo $GO_PIPELINE_COUNTER > r.txt"),), artifacts=(Artifact("build", "r.txt"),)),),
    ),
    name="build",
)


def after(name: str, upstream: str, stage_name: str = "build") -> tuple[Material, ...]:
    return (Material(name, "dependency", pipeline=upstream, stage=stage_name),)


@pytest.mark.parametrize("made_here", [True, False])
def test_a_fetch_from_further_up_goes_by_the_runs_that_led_here(made_here: bool, tmp_path: Path) -> None:
    """Source: GoCD's FetchTask, whose path leads from an ancestor to the pipeline in between."""
    release = tmp_path / "published" / "build" / "job" / "r.txt"
    release.parent.mkdir(parents=True)
    release.write_text("1\n")
    given = {} if made_here else {"build": Upstream("1", artifacts=tmp_path / "published")}
    mid = pipeline(stage("build", bash("true")), name="mid", materials=after("up", "build"))
    take = Fetch("build", "job", "r.txt", "build/mid", is_file=True)
    low = pipeline(stage("one", take, bash("cat r.txt")), name="low", materials=after("mid", "mid"))
    served = (BUILD, mid, low) if made_here else (mid, low)

    with serving(tmp_path / "gocd", *served, upstream=given, speed=1000) as gocd:
        gocd.post(f"/api/pipelines/{served[0].name}/schedule")
        over = gocd.until_over("low/1/one")
        console = gocd.get("/files/low/1/one/1/job/cruise-output/console.log").text

    assert over["result"] == "Passed", console


def test_what_is_given_of_a_pipeline_further_up_is_fetched_without_the_one_in_between(tmp_path: Path) -> None:
    release = tmp_path / "published" / "build" / "job" / "r.txt"
    release.parent.mkdir(parents=True)
    release.write_text("1\n")
    given = {"build": Upstream("1", artifacts=tmp_path / "published"), "mid": Upstream("1")}
    take = Fetch("build", "job", "r.txt", "build/mid", is_file=True)
    low = pipeline(stage("one", take, bash("cat r.txt")), name="low", materials=after("mid", "mid"))

    with serving(tmp_path / "gocd", low, upstream=given, speed=1000) as gocd:
        gocd.post("/api/pipelines/low/schedule")
        over = gocd.until_over("low/1/one")

    assert over["result"] == "Passed"
