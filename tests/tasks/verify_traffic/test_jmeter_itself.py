"""JMeter itself, from the extra: each way in which it calls a failure a success is called a failure here."""

import csv
import json
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gocd.samples.jtl import JtlReader
from tasks.traffic.jmeter.bundled import bundled_jars
from tests.gocd.rehearsal.sample.running import Running, eventually, unpacked
from tests.tasks.traffic.jmeter.plans import PLAN, changed_plan
from tests.tasks.traffic.jmeter.test_process import gone
from tests.tasks.verify_traffic.conftest import VerifyTraffic

pytestmark = pytest.mark.end_to_end

HERE = ("--property", "host=127.0.0.1")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with Running(unpacked("1.0", tmp_path)) as running:
        yield running


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_healthy_service_passes_whatever_the_properties_say_of_the_record(
    verify_traffic: VerifyTraffic, service: Running
) -> None:
    (verify_traffic.folder / "traffic").mkdir()
    stale = verify_traffic.folder / "traffic" / "results.jtl"
    stale.write_text("left by an earlier run, to which JMeter would append\n")
    plan = changed_plan(verify_traffic.folder, 'testname="verify"', 'testname="${__P(password)}"')
    done = verify_traffic(
        *(str(plan), *HERE, "--property", f"port={service.port}", "--duration", "4", "--rate", "50"),
        *("--threads", "5", "--max-gap", "4", "--p99", "4000", "--min-samples", "20", "--dashboard"),
        *("--property", "jmeter.save.saveservice.output_format=xml"),
        *("--property", "jmeter.save.saveservice.default_delimiter=;"),
        *("--property", "jmeter.save.saveservice.successful=false"),
        *("--property", "password=hunter2 \u00fc"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "JMeter: 5.5, from the jmeter extra\n" in done.stdout
    assert "JMeter: summary = " in done.stdout
    assert done.stdout.splitlines()[-1] == "verify: passed, all 6 criteria; the evidence is in traffic"

    out = verify_traffic.folder / "traffic"
    assert "hunter2" not in (out / "jmeter.log").read_text()
    assert (out / "dashboard" / "index.html").exists()
    with stale.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 20 <= len(rows) <= 200
    assert {(row["responseCode"], row["success"]) for row in rows} == {("200", "true")}
    # Kept alive: one connection for each user, and no more.
    assert sum(int(row["Connect"]) > 0 for row in rows) <= 5
    assert json.loads((out / "verdict.json").read_text())["overall"]["sent"] == len(rows)


SCRIPT = """<JSR223PostProcessor guiclass="TestBeanGUI" testclass="JSR223PostProcessor" testname="script">
<stringProp name="scriptLanguage">groovy</stringProp>
<stringProp name="script">prev.setSampleLabel(UUID.nameUUIDFromBytes(new byte[1]) as String)</stringProp>
</JSR223PostProcessor><hashTree/>"""


def scripted_plan(folder: Path) -> Path:
    """The ready plan with Groovy in a path and behind each request."""
    path = '<stringProp name="HTTPSampler.path">{}</stringProp>'
    written = path.format("${__P(path,/)}")
    plan = changed_plan(folder, written, path.format("/?${__groovy(UUID.randomUUID())}"))
    return changed_plan(folder, "<ResponseAssertion", f"{SCRIPT}<ResponseAssertion", plan)


@pytest.mark.exhaustive
def test_groovy_of_a_plan_runs_on_what_the_extra_installs(
    verify_traffic: VerifyTraffic, service: Running
) -> None:
    plan = scripted_plan(verify_traffic.folder)
    done = verify_traffic(
        *(str(plan), *HERE, "--property", f"port={service.port}"),
        *("--duration", "1", "--threads", "2"),
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    rows = (verify_traffic.folder / "traffic" / "results.jtl").read_text().splitlines()[1:]
    assert len({row.split(",")[2] for row in rows}) == 1
    assert re.fullmatch("[0-9a-f-]{36}", rows[0].split(",")[2])


def test_it_runs_from_one_task_to_another_and_ends_at_its_own_word(
    verify_traffic: VerifyTraffic, service: Running
) -> None:
    begun = verify_traffic(
        *("--start", *HERE, "--property", f"port={service.port}", "--rate", "50", "--threads", "5"),
        *("--max-gap", "4", "--at-most", "60"),
    )
    assert (begun.returncode, begun.stderr) == (0, "")
    assert verify_traffic("--judge-so-far").returncode == 0
    done = verify_traffic("--finish")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "verify: passed, all 5 criteria; the evidence is in traffic"
    told = (verify_traffic.folder / "traffic" / "jmeter-console.log").read_text()
    assert "JMeter: Command: Shutdown received from /127.0.0.1\n" in told
    assert told.endswith("JMeter: ... end of run\n")


def test_all_samples_failed_is_a_failure_although_jmeter_exits_0(verify_traffic: VerifyTraffic) -> None:
    done = verify_traffic(str(PLAN), *HERE, "--property", f"port={free_port()}", "--duration", "1")
    assert done.returncode == 1
    assert "JMeter: ... end of run\n" in done.stdout
    assert "verify: failed: 20 failed (20 connection refused)" in done.stdout


@pytest.mark.exhaustive
def test_no_samples_is_a_failure_although_jmeter_exits_0(verify_traffic: VerifyTraffic) -> None:
    plan = changed_plan(verify_traffic.folder, "__P(threads", "__Q(threads")
    done = verify_traffic(str(plan), *HERE, "--duration", "1")
    assert done.returncode == 1
    assert "JMeter: ... end of run\n" in done.stdout
    assert "verify: failed: traffic/results.jtl has no samples, so nothing is proven\n" in done.stdout
    assert "jmeter.log: " in done.stdout
    assert " ERROR " in done.stdout


def test_a_plan_that_jmeter_cannot_load_is_a_failure_with_its_words(verify_traffic: VerifyTraffic) -> None:
    plan = changed_plan(verify_traffic.folder, "HTTPSamplerProxy", "HTTPSamplerProxi")
    done = verify_traffic(str(plan), *HERE)
    assert done.returncode == 1
    assert (
        "verify: failed: JMeter cannot run the plan: it lacks the class HTTPSamplerProxi, of a" in done.stdout
    )
    assert "CannotResolveClassException: HTTPSamplerProxi" in done.stdout
    assert "no samples" not in done.stderr


def test_a_jmeter_that_never_starts_is_a_failure_although_it_exits_0(verify_traffic: VerifyTraffic) -> None:
    jars = bundled_jars()
    assert jars
    home = verify_traffic.folder / "home"
    (home / "bin").mkdir(parents=True)
    shutil.copy(jars / "ApacheJMeter-5.5.jar", home / "bin" / "ApacheJMeter.jar")
    done = verify_traffic(str(PLAN), *HERE, JMETER_HOME=str(home))
    assert done.returncode == 1
    assert (
        "verify: failed: JMeter exited 0 and left no results.jtl: it lacks the class org.apache"
        in done.stdout
    )
    assert "ClassNotFoundException: org.apache.jmeter.JMeter" in done.stdout


def test_a_java_that_does_not_start_is_a_failure(verify_traffic: VerifyTraffic) -> None:
    done = verify_traffic(str(PLAN), *HERE, JVM_ARGS="-XX:NoSuchOption")
    assert done.returncode == 1
    assert "verify: failed: JMeter exited 1: " in done.stdout


def test_a_cancel_stops_jmeter_keeps_its_record_and_gives_no_verdict(
    verify_traffic: VerifyTraffic, service: Running
) -> None:
    words = (str(PLAN), *HERE, "--property", f"port={service.port}", "--duration", "60", "--rate", "50")
    running = verify_traffic.start(*words)
    jtl = verify_traffic.folder / "traffic" / "results.jtl"
    assert eventually(lambda: jtl.exists() and jtl.read_text().count("\n") > 20, within=30)
    java = jmeter_of(running.pid)
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)

    assert running.returncode == 143
    [line] = err.splitlines()
    assert line.startswith("error: cancelled; JMeter was stopped after ")
    assert line.endswith("is in traffic/results.jtl and was not judged. Run it again for a verdict")
    assert gone(java)
    reader = JtlReader(jtl)
    assert len(list(reader)) >= 20
    assert reader.cut_off_line is None
    assert not (verify_traffic.folder / "traffic" / "verdict.json").exists()


def jmeter_of(pid: int) -> int:
    """The one child of *pid* that is Java."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    [java] = [child for child in children if Path(f"/proc/{child}/comm").read_text() == "java\n"]
    return int(java)
