"""A JMeter 5.6 that a site has itself, put together from the artifacts that Maven has of it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.traffic.jmeter.bundled import laid_out
from tests.gocd.rehearsal.sample.running import Running, unpacked
from tests.tasks.traffic.jmeter.plans import PLAN, changed_plan
from tests.tasks.verify_traffic.conftest import VerifyTraffic
from tests.tasks.verify_traffic.test_jmeter_itself import HERE, scripted_plan

pytestmark = [pytest.mark.end_to_end, pytest.mark.exhaustive]

VERSION = "5.6.3"
PARTS = ("ApacheJMeter", "_config", "_components", "_functions", "_http")
# A folder of its jars, for whoever has no Maven.
JARS = "JMETER_5_6_JARS"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jmeter")
    jars = Path(os.environ[JARS]) if JARS in os.environ else brought_by_maven(folder)
    return laid_out(jars, {"XDG_CACHE_HOME": str(folder)})


def brought_by_maven(folder: Path) -> Path:
    """Have Maven bring it from wherever it is set up here to bring things from."""
    if not shutil.which("mvn"):
        pytest.skip(
            f"there is no Maven here to bring JMeter {VERSION}, and {JARS} names no folder of its jars"
        )
    names = [PARTS[0], *(PARTS[0] + part for part in PARTS[1:])]
    wanted = "".join(
        f"<dependency><groupId>org.apache.jmeter</groupId><artifactId>{name}</artifactId>"
        f"<version>{VERSION}</version></dependency>"
        for name in names
    )
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>tests</groupId><artifactId>jmeter</artifactId>"
        f"<version>1</version><dependencies>{wanted}</dependencies></project>"
    )
    words = ["mvn", "--quiet", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=jars"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=200)
    if done.returncode:
        pytest.skip(f"Maven here does not bring JMeter {VERSION}: {' '.join(done.stdout.split())[:300]}")
    return folder / "jars"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with Running(unpacked("1.0", tmp_path)) as running:
        yield running


def test_the_ready_plan_runs_and_so_does_groovy(
    verify_traffic: VerifyTraffic, service: Running, home: Path
) -> None:
    words = (*HERE, "--property", f"port={service.port}", "--duration", "2", "--max-gap", "4", "--dashboard")
    done = verify_traffic(str(scripted_plan(verify_traffic.folder)), *words, JMETER_HOME=str(home))

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"JMeter: {home}\n" in done.stdout
    assert (verify_traffic.folder / "traffic" / "dashboard" / "index.html").exists()


def test_it_is_begun_by_one_task_and_ended_by_another(
    verify_traffic: VerifyTraffic, service: Running, home: Path
) -> None:
    where = {"JMETER_HOME": str(home)}
    words = (*HERE, "--property", f"port={service.port}", "--max-gap", "4", "--at-most", "60")
    begun = verify_traffic("--start", *words, **where)
    done = verify_traffic("--finish", **where)

    assert (begun.returncode, begun.stderr) == (0, ""), begun.stdout
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_class_that_it_lacks_is_told_by_name(verify_traffic: VerifyTraffic, home: Path) -> None:
    lacked = "kg.apc.jmeter.samplers.DummySampler"
    plan = changed_plan(verify_traffic.folder, "HTTPSamplerProxy", lacked, PLAN)
    done = verify_traffic(str(plan), *HERE, JMETER_HOME=str(home))

    assert done.returncode == 1
    assert f"JMeter cannot run the plan: it lacks the class {lacked}, most likely of" in done.stderr
    assert f"put its jar into {home}/lib/ext" in done.stderr
