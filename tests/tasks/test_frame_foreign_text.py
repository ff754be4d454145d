"""Names, answers and records of others, whatever is in them, on lines, in events and on pages of ours."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.world import World
from gocd.shown import LONGEST
from tests.answering import answering
from tests.program import CommandLine, Done
from tests.tasks.conftest import MakeBalancer, Pair

# A line's end, one of XML, a terminal's control, a turned direction, and what nobody sees; as EC2's XML can
# carry it, and with what nothing but JSON, a file or a command line can.
TAG = "web\nerror: forged\u2028error: forged\x9b31m\u202e\u200b"
HOSTILE = f"{TAG}\rerror: forged\x1b[31m\x1b]0;title\x07"
LONG = "x" * 120_000
# By hand, as one that is at work on a machine of its own.
OWNER = {"LOGNAME": HOSTILE}


def assert_fit(done: Done) -> None:
    """Whatever was said is lines of ours, of characters that can be seen, and none is long."""
    assert "Traceback" not in done.stderr
    for line in (done.stdout + done.stderr).split("\n"):
        assert line.isprintable(), repr(line)
        assert len(line) <= LONGEST + len("error: ")
    assert not re.search("^error: forged", done.stdout + done.stderr, re.M)
    assert done.stderr.count("\n") == (done.returncode != 0)


@pytest.fixture
def hostile(cloud: World, behind: MakeBalancer, pair: Pair, tmp_path: Path) -> Path:
    """A folder with the records of others, beside two instances of which one has such a name."""
    behind("application")
    cloud.client("ec2").create_tags(Resources=[pair.one.id], Tags=[{"Key": "Name", "Value": TAG}])
    rows = [f'170000000{n}000,5,"{HOSTILE}",500,"{HOSTILE} {LONG}",false' for n in range(3)]
    (tmp_path / "t.jtl").write_text(
        "\n".join(["timeStamp,elapsed,label,responseCode,responseMessage,success", *rows, ""])
    )
    at = {"time": "2026-11-20T10:00:00.000+00:00", "task": HOSTILE, "pipeline": HOSTILE, "process": 1}
    facts = {"instance": HOSTILE, "exit_code": 1, "error": HOSTILE + LONG}
    (tmp_path / "e.jsonl").write_text(
        "".join(
            json.dumps({**at, **facts, "state": state}) + "\n" for state in ("started", "joining", "ended")
        )
    )
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("detach-instance", "{id}", "--load-balancer", "staging", "--dry-run"), 0),
        (("detach-instance", HOSTILE, "--load-balancer", "staging"), 2),
        (("attach-instance", "{id}", "--load-balancer", HOSTILE), 2),
        (("attach-instance", "{id}", "--load-balancer", "staging", "--dry-run"), 0),
        (("deploy-artifact", "{id}", f"a{HOSTILE}.zip", "--version", "1"), 2),
        (("deploy-artifact", "{id}", "a.zip", "--version", HOSTILE), 2),
        (("rolling-deploy", f"a{HOSTILE}.zip", "--load-balancer", "staging", "--version", "1"), 2),
        (("sleep-settle", "--probe-url", f"http://127.0.0.1:1/{HOSTILE}", "--at-most", "1"), 3),
        (("check-status", "--url", f"{HOSTILE}://x{LONG}"), 2),
        (("watch-deployment", HOSTILE + LONG), 2),
        (("upgrade-herd", "--environment", HOSTILE, "--version", "1", "--build-info-url", "http://x/"), 2),
        (("lock", "acquire", HOSTILE), 2),
        (("verify-traffic", "--jtl", "t.jtl"), 1),
        (("verify-traffic", HOSTILE + ".jmx"), 2),
        (("report", "--events", "e.jsonl", "--jtl", "t.jtl", "--title", HOSTILE), 0),
        (("iam-policy", HOSTILE), 2),
        (("rehearse", HOSTILE), 2),
        ((HOSTILE,), 2),
    ],
    ids=lambda value: value[0][:15] if isinstance(value, tuple) else "",
)
def test_no_command_passes_on_what_is_not_a_line_of_its_own(
    hostile: Path, pair: Pair, gocd_tasks: CommandLine, words: tuple[str, ...], code: int
) -> None:
    done = CommandLine(gocd_tasks.environment, hostile)(
        *(word.replace("{id}", pair.one.id) for word in words)
    )

    assert_fit(done)
    assert done.returncode == code
    assert "web" in done.stdout + done.stderr or words[-1] != HOSTILE
    for page in hostile.glob("*/report.html"):
        assert all(line.isprintable() for line in page.read_text(encoding="utf-8").split("\n"))
        assert page.stat().st_size < 300_000
    for results in hostile.glob("*/junit.xml"):
        assert ET.parse(results).getroot().get("failures") == "1"
        assert all(line.isprintable() for line in results.read_text(encoding="utf-8").split("\n"))


def test_who_holds_a_lock_is_told_on_one_line(gocd_tasks: CommandLine) -> None:
    taken = gocd_tasks("lock", "acquire", "classic:a", **OWNER)
    waiting = gocd_tasks("lock", "acquire", "classic:a", LOGNAME="another")
    listed = gocd_tasks("lock", "status")

    for done in (taken, waiting, listed):
        assert_fit(done)
        assert "web error: forged" in done.stdout + done.stderr
    assert (taken.returncode, waiting.returncode, listed.returncode) == (0, 2, 0)


def test_what_a_service_answers_is_told_on_one_line_and_in_events(
    gocd_tasks: CommandLine, tmp_path: Path
) -> None:
    with answering(json.dumps({"version": HOSTILE + LONG})) as url:
        done = gocd_tasks(
            *("check-status", "--url", url, "--expect-json", "version=2", "--status-timeout", "0.5"),
            *("--events", str(tmp_path / "e.jsonl")),
        )

    assert_fit(done)
    assert done.returncode == 3
    *_, ended = map(json.loads, (tmp_path / "e.jsonl").read_text().splitlines())
    assert ended["error"].startswith(f"{url}: answers version web error: forged")
    assert ended["error"].isprintable()
    assert len(ended["error"]) <= LONGEST
    # What stands at the end is what to know and to do.
    assert ended["error"].endswith(f"asked for at {url}; nothing was changed")


@pytest.mark.parametrize("name", ["--version", "--application"])
def test_a_name_that_is_none_is_refused(gocd_tasks: CommandLine, name: str) -> None:
    words = ("deploy-artifact", "i-1", "a.zip", name)
    for bad in (LONG, "1\n2", "1\u202e"):
        done = gocd_tasks(*words, bad)
        assert done.returncode == 2
        assert len(done.stderr) < 400
        assert done.stderr.startswith(
            f"error: {name} takes a name on one line, no longer than 255 characters"
        )


def test_the_label_of_a_pipeline_is_held_to_the_same(gocd_tasks: CommandLine) -> None:
    done = gocd_tasks("deploy-artifact", "i-1", "a.zip", GO_PIPELINE_LABEL="1\n2")

    assert done.returncode == 2
    assert "takes a name on one line" in done.stderr
