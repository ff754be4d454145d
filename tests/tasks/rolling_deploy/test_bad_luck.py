"""What goes wrong between two batches: the next is not taken out for nothing, and the last line is true."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from tests.tasks.rolling_deploy.conftest import Fleet, MakeFleet

pytestmark = pytest.mark.end_to_end

KEY = "app/2.0/app-2.0.tar.gz"


def between_batches(fleet: Fleet, act: Callable[[], object]) -> None:
    """Have this happen when the first batch is on its way back."""

    def hook(call: Call) -> None:
        if call.operation == "RegisterTargets" and not done:
            # The control plane answers one call at a time, and this one is not answered yet.
            done.append(threading.Thread(target=act))
            done[0].start()

    done: list[threading.Thread] = []
    fleet.cloud.faults.after_call = hook


def test_a_release_that_is_gone_from_s3_is_sent_again(fleet: MakeFleet) -> None:
    two = fleet(2)
    s3 = two.cloud.client("s3")
    between_batches(two, lambda: s3.delete_object(Bucket="releases", Key=KEY))
    ran = two.roll()

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert set(two.versions().values()) == {"2.0"}
    assert [call.parameters["Key"] for call in two.cloud.journal.of("PutObject")].count(KEY) == 2


def test_a_bucket_that_nobody_may_use_any_more_takes_nobody_out(fleet: MakeFleet) -> None:
    two = fleet(2)
    one, other = two.servers
    between_batches(two, lambda: two.cloud.faults.deny("s3:*"))
    ran = two.roll()

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "; 1 of 2 servers have 2.0, the others what they had before. " in ran.stderr
    assert "gocd-tasks iam-policy rolling-deploy. Look at what it names, then run again: " in ran.stderr
    assert two.changes().count("DeregisterTargets") == 1
    assert two.versions() == {one.id: "2.0", other.id: "1.0"}
    assert set(two.health().values()) == {"healthy"}


def test_an_event_file_that_cannot_be_written_any_more_stops_nothing(
    fleet: MakeFleet, tmp_path: Path
) -> None:
    one = fleet(1)
    before = one.standing()
    events = tmp_path / "events.jsonl"

    def replace(call: Call) -> None:
        if call.operation == "DeregisterTargets" and events.is_file():
            events.unlink()
            events.mkdir()

    one.cloud.faults.after_call = replace
    ran = one.roll("--events", str(events), "--min-healthy", "0")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("events: none are recorded from here on") == 1
    assert set(one.versions().values()) == {"2.0"}
    assert one.standing() == before
