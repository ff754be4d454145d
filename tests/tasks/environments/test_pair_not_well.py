"""A green that users are not well on, as whoever releases meets it: taken back, mended, and tried again."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gocd.pipeline import Pipeline
from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.pair_site import build_pair_site
from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.site import read_site
from gocd.rehearsal.standin_aws.world import World
from gocd.task_calls import task_calls
from tests.gocd.rehearsal.rehearsal.rehearsing import BLUE_GREEN
from tests.gocd.rehearsal.standin_aws.conftest import get
from tests.program import CommandLine, Done
from tests.tasks.verify_traffic.around import JOB


def until_switched(
    gocd_tasks: CommandLine, release: Path, version: str, port: int
) -> tuple[dict[str, Done], list[str]]:
    """Run the pipeline's tasks to the end of its switch, its JMeter for real; give them by their names."""
    told = {"release": str(release), "traffic_host": "127.0.0.1", "traffic_port": str(port)}
    told |= {"step_seconds": "40", "steps": "50,100", "traffic_at_most_seconds": "240"}
    read: Pipeline = read_pipelines(BLUE_GREEN, told)[0]
    ended: dict[str, Done] = {}
    for call in task_calls(read):
        # JMeter takes the time that it takes.
        speed = 1 if call.task == "verify-traffic" else gocd_tasks.speed
        line = CommandLine(gocd_tasks.environment, gocd_tasks.folder, speed)
        name = " ".join([call.task, *(each for each in call.words if each in ("--start", "--finish"))])
        ended[name] = line(*call.words, **{**call.variables, **JOB, "GO_PIPELINE_LABEL": version})
        if name.endswith("--finish"):
            break
    return ended, [name for name, done in ended.items() if done.returncode]


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.end_to_end
def test_users_lose_little_of_a_release_that_fails_them_and_the_next_one_goes_the_same_way(
    cloud: World, gocd_tasks: CommandLine, tmp_path: Path
) -> None:
    line = CommandLine(gocd_tasks.environment, tmp_path)
    built = build_pair_site(cloud, read_site(read_pipelines(BLUE_GREEN)[0]), "1.0", speed=100)
    port = urlsplit(built.front.url).port or 80
    bad = build_release("2.0", tmp_path / "bad", broken="users-get-500")
    ended, failed = until_switched(line, bad, "2.0", port)

    switched = ended["switch-traffic"]
    assert failed == ["switch-traffic", "verify-traffic --finish"], switched.stdout + switched.stderr
    assert switched.returncode == 1
    assert "web-b: 100% of users" not in switched.stdout
    told = re.search(
        r"at 50%: the traffic under way fails \(.*\); users lost ([\d,]+) of ([\d,]+) requests; "
        r"web-a has all users again, and web-b none",
        switched.stderr,
    )
    assert told, switched.stderr
    lost, sent = (int(each.replace(",", "")) for each in told.groups())
    assert 0 < lost < sent
    assert "1.0" in get(built.front.url)

    good = build_release("2.1", tmp_path / "good")
    ended, failed = until_switched(line, good, "2.1", port)
    assert failed == [], ended[failed[0]].stdout + ended[failed[0]].stderr
    assert "is left beside it" not in switched.stdout
    assert "2.1" in get(built.front.url)
