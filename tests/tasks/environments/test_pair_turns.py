"""The tasks of the pipeline whose environments take turns, as several runs of it would run them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gocd.pipeline import Pipeline
from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.pair_site import build_pair_site
from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.site import read_site
from gocd.rehearsal.standin_aws.world import World
from gocd.task_calls import task_calls
from tasks.iam_policy import Narrowed, iam_policy
from tests.gocd.rehearsal.rehearsal.rehearsing import BLUE_GREEN
from tests.gocd.rehearsal.standin_aws.conftest import get
from tests.program import CommandLine

SOON = {"step_seconds": "1", "keep_seconds": "0", "verify_seconds": "1"}


def pipeline(**parameters: str) -> Pipeline:
    return read_pipelines(BLUE_GREEN, {**SOON, **parameters})[0]


def run(gocd_tasks: CommandLine, cloud: World, version: str, folder: Path, times: int) -> Iterator[str]:
    """Run the pipeline's own tasks but for its JMeters so often, by the policy that each command prints."""
    release = str(build_release(version, folder / version))
    narrowed = Narrowed("app-releases", regions=["eu-west-1"])
    for call in task_calls(pipeline(release=release)):
        if call.task in ("verify-traffic", "report"):
            continue
        cloud.faults.allow_only(iam_policy([call.task], narrowed))
        variables = {**call.variables, "GO_PIPELINE_LABEL": version}
        variables["GOCD_TASKS_EVENTS"] = str(folder / "events.jsonl")
        for _ in range(times):
            done = gocd_tasks(*call.words, **variables)
            assert done.returncode == 0, done.stdout + done.stderr
        yield call.task


def there(cloud: World) -> list[str]:
    found = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return sorted(each["AutoScalingGroupName"] for each in found)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.end_to_end
def test_each_run_changes_the_names_and_every_task_may_run_again(
    cloud: World, gocd_tasks: CommandLine, tmp_path: Path
) -> None:
    built = build_pair_site(cloud, read_site(pipeline()), "1.0", speed=100)

    for version, left, times in [("2.0", "web-b", 1), ("3.0", "web-a", 2), ("4.0", "web-b", 1)]:
        tasks = list(run(gocd_tasks, cloud, version, tmp_path, times))
        assert tasks[-1] == "retire-environment"
        assert there(cloud) == [left]
    for call in ("switch-traffic", "retire-environment"):
        words = {"switch-traffic": ("green:web-a,web-b", "--load-balancer", "web")}
        done = gocd_tasks(call, *words.get(call, ("blue:web-a,web-b",)))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "nothing to do" in done.stdout
    assert there(cloud) == ["web-b"]
    # Not before: whoever has been asked for something serves, until it was silent for minutes.
    assert "4.0" in get(built.front.url)
