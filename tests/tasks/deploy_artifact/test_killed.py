"""kill -9 at every AWS call of a deployment, then the same again: it ends as if nothing had happened."""

import json
import urllib.request
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import Pair
from tests.tasks.killing import AT, killed_at, moments

pytestmark = pytest.mark.end_to_end

PLACE = ("--install-to", "/srv/app", "--restart", "systemctl restart app")
CHECK = ("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}")


def state(one: Instance) -> dict[str, object]:
    """All that a deployment may leave on an instance."""
    app = one.root / "srv/app"
    with urllib.request.urlopen(f"http://{one.private_ip}:8080/_status", timeout=30) as answer:
        version = json.load(answer)["version"]
    return {
        "answers": version,
        "current": str((app / "current").readlink()),
        "history": (app / ".history").read_text() if (app / ".history").exists() else "",
        "releases": sorted(path.name for path in (app / "releases").iterdir()),
    }


def emptied(cloud: World) -> None:
    s3 = cloud.client("s3")
    for each in s3.list_objects_v2(Bucket="releases").get("Contents", []):
        s3.delete_object(Bucket="releases", Key=each["Key"])


@AT
@pytest.mark.parametrize(
    "well", [True, pytest.param(False, marks=pytest.mark.exhaustive)], ids=["a good release", "a bad release"]
)
def test_the_same_command_again_heals(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, tmp_path: Path, well: bool, every: bool
) -> None:
    one = pair.one
    place = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
    release = build_release("2.0", tmp_path, broken=None if well else "wrong-version")
    words = (
        # Kills at the calls of the lock itself are in test_lock.py.
        *("deploy-artifact", "Staging-1", str(release), "--version", "2.0", "--bucket", "releases"),
        *("--lock", "none"),
        *(*PLACE, *CHECK, "--status-timeout", "20" if well else "0"),
    )
    back = ("deploy-artifact", "Staging-1", "--rollback", "--version", "1.0", *PLACE, *CHECK)
    assert gocd_tasks(*words).returncode == (0 if well else 1)
    undisturbed = state(one)
    assert undisturbed["answers"] == ("2.0" if well else "1.0")
    assert gocd_tasks(*back).returncode == 0
    emptied(cloud)
    cloud.journal.clear()
    assert gocd_tasks(*words).returncode == (0 if well else 1)
    # The release is stored with its checksum, and the order is given; a bad one is taken off again.
    kills = moments(cloud.journal.calls, every=every)
    assert len(kills) >= (2 if well else 3)

    for moment in kills:
        assert gocd_tasks(*back).returncode == 0
        emptied(cloud)
        killed_at(cloud, moment, gocd_tasks, *words)
        # A script may go on without who gave the order; what is current is whole all the same.
        current = one.root / "srv/app/current"
        assert (current / "release.json").exists() or current.readlink().name == "1.0"
        again = gocd_tasks(*words)
        assert again.returncode == (0 if well else 1), again.stderr
        assert state(one) == undisturbed, f"after kill -9 at {moment}"
