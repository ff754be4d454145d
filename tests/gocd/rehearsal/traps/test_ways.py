from pathlib import Path

import pytest

from gocd.pipeline import Exec, Pipeline
from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.traps.trap import Place, Trap
from gocd.rehearsal.traps.ways import Way, write_pipeline

FRONT = LoadBalancer("web", "application", "http://127.0.0.1:1/", "web", "arn:aws:the-group")
SITE = Place(FRONT, ["10.0.0.4", "10.0.0.5"], ["Web-1", "Web-2"], look_up="private-ip-address")


def written(way: Way, tmp_path: Path, *, parallel: bool = False, **ours: str) -> Pipeline:
    release = tmp_path / "app.tar.gz"
    release.write_bytes(b"release")
    trap = Trap("some-trap", "It is.", lambda ground: SITE, parallel=parallel, ours=ours)
    [pipeline] = read_pipelines(write_pipeline(way, trap, SITE, release, tmp_path))
    return pipeline


def tasks(pipeline: Pipeline, job: int = 0) -> list[tuple[str, ...]]:
    found = [task for task in pipeline.stages[0].jobs[job].tasks if isinstance(task, Exec)]
    return [task.command_line for task in found]


@pytest.mark.parametrize(
    ("way", "program"), [(Way.SLEEPS, "naive_sleeps.sh"), (Way.WAITERS, "naive_waiters.py")]
)
def test_a_naive_pipeline_runs_its_program_for_each_server(way: Way, program: str, tmp_path: Path) -> None:
    pipeline = written(way, tmp_path)
    assert [Path(words[1]).name for words in tasks(pipeline)] == [program, program]
    assert [words[-1] for words in tasks(pipeline)] == SITE.servers
    assert pipeline.variables.plain["TARGET_GROUP"] == FRONT.arn
    assert pipeline.variables.plain["LOOK_UP"] == "private-ip-address"
    assert all(Path(words[1]).is_file() for words in tasks(pipeline))


def test_ours_calls_each_server_by_its_name_and_has_its_variables(tmp_path: Path) -> None:
    pipeline = written(Way.OURS, tmp_path, GOCD_TASKS_TIMEOUT="10")
    about = [words[2] for words in tasks(pipeline) if words[1] != "sleep-settle"]
    assert about == ["Web-1"] * 3 + ["Web-2"] * 3
    assert pipeline.variables.plain["GOCD_TASKS_TIMEOUT"] == "10"
    assert pipeline.variables.plain["GOCD_TASKS_LOAD_BALANCER"] == "web"


def test_two_pipelines_at_once_begin_with_another_server_each(tmp_path: Path) -> None:
    pipeline = written(Way.WAITERS, tmp_path, parallel=True)
    assert [[words[-1] for words in tasks(pipeline, job)] for job in (0, 1)] == [
        ["10.0.0.4", "10.0.0.5"],
        ["10.0.0.5", "10.0.0.4"],
    ]
