"""README's recipes, by the lines that it gives, on the stand-in AWS and the stand-in GoCD server."""

import json
import re
import shlex
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.sample.running import eventually
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import serving
from tests.program import CommandLine, Done, Running
from tests.tasks.conftest import MakeBalancer, Pair

README = Path(__file__).parents[2] / "README.rst"

# What the pipeline file sets for each of its commands.
VARIABLES = {
    "GOCD_TASKS_BUCKET": "releases",
    "GOCD_TASKS_INSTALL_TO": "/srv/app",
    "GOCD_TASKS_RESTART": "systemctl restart app",
    "GOCD_TASKS_STATUS_URL": "http://{private_ip}:8080/_status",
    "GOCD_TASKS_EXPECT_JSON": "version={version}",
}


def recipe(title: str) -> list[list[str]]:
    """The words of each of the recipe's lines, without the program's name."""
    text = README.read_text(encoding="utf-8")
    [body] = re.findall(
        rf"^{re.escape(title)}\n~+\n(.*?)(?=^[^\n]+\n[~-]+\n)", text, re.MULTILINE | re.DOTALL
    )
    return [shlex.split(line) for line in re.findall(r"^   gocd-tasks (.+)$", body, re.MULTILINE)]


@dataclass
class Site:
    """Two machines behind a load balancer, and a shell as on an agent."""

    cloud: World
    front: LoadBalancer
    pair: Pair
    line: CommandLine

    def type(self, words: list[str]) -> Done:
        done = self.line(*words)
        assert (done.returncode, done.stderr) == (0, ""), words
        return done

    def begin(self, words: list[str], until: Callable[[], bool]) -> Running:
        running = self.line.start(*words)
        assert eventually(until)
        return running

    def serves(self, name: str) -> bool:
        return name in {
            each.name for each in self.cloud.parts.instances if each.id in self.cloud.serving(self.front)
        }


@pytest.fixture
def site(cloud: World, pair: Pair, behind: MakeBalancer, gocd_tasks: CommandLine, tmp_path: Path) -> Site:
    front = behind("application", drain=20)
    place = {"LocationConstraint": cloud.region}
    cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
    (tmp_path / "release").mkdir()
    build_release("2.0", tmp_path / "built").rename(tmp_path / "release/app.tar.gz")
    line = CommandLine({**gocd_tasks.environment, **VARIABLES}, tmp_path)
    return Site(cloud, front, pair, line)


def test_a_stage_is_run_again_by_hand(site: Site, tmp_path: Path) -> None:
    again, *commands = recipe("Re-running a stage by hand")
    mended = tmp_path / "mended"
    staging = pipeline(
        stage("Staging-1-out", bash(f"test -e {mended}")), stage("Staging-1-in", bash("true")), name="staging"
    )
    with serving(tmp_path / "gocd", staging) as gocd:
        gocd.post("/api/pipelines/staging/schedule")
        gocd.until_over("staging/1/Staging-1-out")
        mended.touch()
        done = site.line(*again, GOCD_TASKS_SERVER=gocd.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("staging/1: passed")

    for words in commands:
        site.type(words)
    assert site.serves("Staging-1")


@pytest.mark.exhaustive
def test_who_cancels_in_the_middle_is_told_how_things_are(site: Site) -> None:
    [look, back] = recipe("Cancelled in the middle")
    detach = ["detach-instance", "Staging-1", "--load-balancer", "staging"]
    running = site.begin(detach, lambda: not site.serves("Staging-1"))
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate()
    assert running.wait() == 143
    assert errors.endswith("serves as before\n")
    assert "Staging-1" in site.type(look).stdout
    assert site.serves("Staging-1")

    site.type(detach)
    site.type(back)
    assert site.serves("Staging-1")


def test_what_a_dead_agent_was_at_goes_on_from_any_machine(site: Site, tmp_path: Path) -> None:
    look, detach, attach = recipe("The agent died")
    running = site.begin(detach, lambda: not site.serves("Staging-1"))
    running.kill()
    running.communicate()
    site.line = CommandLine(site.line.environment, tmp_path / "release")

    said = site.type(look).stdout
    assert re.search(r"Staging-1 \(.*\): .*(draining|out of)", said)
    assert said.splitlines()[-1].startswith("next: gocd-tasks ")
    site.type(detach)
    assert "1 healthy of 1, and 1 out" in site.type(look).stdout
    site.type(attach)
    assert site.serves("Staging-1")


def test_which_version_is_where(site: Site) -> None:
    plain, as_json = recipe("Which version is where")

    assert re.search(r"Staging-1 .* healthy in staging.*answers 200, version 1.0", site.type(plain).stdout)
    instances = json.loads(site.type(as_json).stdout)["instances"]
    assert {each["name"] for each in instances} == {"Staging-1", "Staging-2"}


def test_a_machine_goes_back_to_the_release_before(site: Site) -> None:
    detach, back, attach = recipe("Going back")
    deploy = ["deploy-artifact", "Staging-1", "release/app.tar.gz", "--version", "2.0"]
    for words in (detach, deploy, attach):
        site.type(words)
    for words in (detach, back, attach):
        site.type(words)

    assert re.search(r"Staging-1 .*version 1\.0", site.type(["status", "staging"]).stdout)
    assert site.serves("Staging-1")


@pytest.mark.exhaustive
def test_a_new_machine_gets_its_release_first_and_one_that_goes_is_taken_out(
    site: Site, sample: Service, tmp_path: Path
) -> None:
    deploy, attach, made, detach, made_again = recipe("A machine too many or too few")
    site.cloud.launch("Staging-3", zone="eu-west-1a", service=sample)
    site.line = CommandLine({**site.line.environment, "GOCD_TASKS_LOAD_BALANCER": "staging"}, tmp_path)
    site.type(["pipeline", "new", "staging", "--instances", "Staging-1,Staging-2"])
    two = (tmp_path / "staging.gocd.yaml").read_text()
    for words in (deploy, attach, made):
        site.type(words)
    assert site.serves("Staging-3")
    assert "- Staging-3:" in (tmp_path / "staging.gocd.yaml").read_text()

    for words in (detach, made_again):
        site.type(words)
    assert not site.serves("Staging-3")
    assert (tmp_path / "staging.gocd.yaml").read_text() == two
