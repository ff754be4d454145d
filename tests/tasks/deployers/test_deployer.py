"""What every way of deploying promises, proved on the stand-in AWS, and on the fake of the rollouts alike."""

import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.instances import Instance, find_instance
from tasks.deployers.deployer import Deployer, Settings, find_deployer
from tasks.deployers.release import Release
from tasks.running.errors import Refused
from tasks.testing import DeployerCase, DeployerContract
from tests.fakes import FakeClock, instance
from tests.tasks.conftest import Pair
from tests.tasks.deployers.codedeploy.deploying import name_is
from tests.tasks.rollout.fakes import Hosts, case_of

SETTINGS = Settings("releases", "/srv/app", "systemctl restart app", 5, 60, [], "app-{name}")

MakeCase = Callable[[Deployer], DeployerCase]


def answers(instance: Instance) -> str:
    """The version that the service on *instance* itself says it is; none if it does not run."""
    try:
        with urllib.request.urlopen(f"http://{instance.private_ip}:8080/_status", timeout=30) as answer:
            return str(json.load(answer)["version"])
    except OSError:
        return "none"


@pytest.fixture
def of_pair(cloud: World, aws: Aws, pair: Pair, tmp_path: Path) -> MakeCase:
    """Makes the case of a deployer on the stand-in AWS, with real services on two instances."""
    place = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
    hosts = {host.id: host for host in pair}
    earlier, release = (
        Release("app", version, str(build_release(version, tmp_path))) for version in ("2.0", "3.0")
    )

    @contextmanager
    def failing(instance: Instance) -> Iterator[None]:
        hosts[instance.id].fail_next_start()
        yield

    def make(deployer: Deployer) -> DeployerCase:
        return DeployerCase(
            deployer=deployer,
            earlier=earlier,
            release=release,
            undeployable=replace(release, artifact=str(tmp_path / "nothing.tar.gz")),
            instances=[find_instance(aws, host.id) for host in pair],
            runs=answers,
            failing=failing,
        )

    return make


def give_groups(cloud: World) -> None:
    """A CodeDeploy deployment group for each of the two."""
    client = cloud.client("codedeploy")
    client.create_application(applicationName="app")
    for name in ("Staging-1", "Staging-2"):
        client.create_deployment_group(
            applicationName="app",
            deploymentGroupName=f"app-{name}",
            serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
            ec2TagFilters=[name_is(name)],
        )


class TestSsm(DeployerContract):
    @pytest.fixture
    def case(self, aws: Aws, of_pair: MakeCase) -> DeployerCase:
        return of_pair(find_deployer("ssm")(SETTINGS, aws))


class TestCodeDeploy(DeployerContract):
    @pytest.fixture
    def case(self, cloud: World, aws: Aws, of_pair: MakeCase) -> DeployerCase:
        give_groups(cloud)
        return of_pair(find_deployer("codedeploy")(SETTINGS, aws))


# Writes a version to a host's file, unless that is to fail; a little slow, to be cancelled at it.
COPY = """
import sys, time, pathlib
version, host = sys.argv[1], pathlib.Path(sys.argv[2])
time.sleep(0.3)
if (host / "fails").exists():
    sys.exit("disk full")
(host / "version").write_text(version)
"""


class TestCommand(DeployerContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> DeployerCase:
        def folder(instance: Instance) -> Path:
            return tmp_path / instance.id

        @contextmanager
        def failing(instance: Instance) -> Iterator[None]:
            (folder(instance) / "fails").touch()
            yield
            (folder(instance) / "fails").unlink()

        instances = [instance(1), instance(2)]
        for each in instances:
            folder(each).mkdir()
            (folder(each) / "version").write_text("1.0")
        artifact = tmp_path / "app.tar.gz"
        artifact.touch()
        words = [sys.executable, "-c", COPY, "{version}", f"{tmp_path}/{{instance_id}}"]
        release = Release("app", "3.0", str(artifact))
        return DeployerCase(
            deployer=find_deployer("command")(replace(SETTINGS, words=words), Aws(FakeClock(), print)),
            earlier=replace(release, version="2.0"),
            release=release,
            undeployable=replace(release, artifact=str(tmp_path / "nothing.tar.gz")),
            instances=instances,
            runs=lambda each: (folder(each) / "version").read_text(),
            failing=failing,
        )


class TestFake(DeployerContract):
    @pytest.fixture
    def case(self) -> DeployerCase:
        return case_of(Hosts())


def ready(case: DeployerCase, release: Release) -> None:
    case.deployer.check_all(release, case.instances)
    case.deployer.prepare(release, case.instances, case.wait)


def test_what_is_gone_from_s3_is_sent_again_and_what_is_another_by_now_is_refused(
    cloud: World, aws: Aws, of_pair: MakeCase
) -> None:
    give_groups(cloud)
    s3 = cloud.client("s3")
    made = of_pair(find_deployer("ssm")(SETTINGS, aws))
    for case in (made, replace(made, deployer=find_deployer("codedeploy")(SETTINGS, aws))):
        local = Path(case.release.artifact)
        packed = local.read_bytes()
        key = f"app/3.0/{local.name}"
        for _ in range(2):
            s3.delete_object(Bucket="releases", Key=key)
            ready(case, case.release)
            assert s3.get_object(Bucket="releases", Key=key)["Body"].read() == packed

        there = replace(case.release, artifact=f"s3://releases/{key}")
        ready(case, there)
        s3.put_object(Bucket="releases", Key=key, Body=b"another")
        with pytest.raises(Refused, match=f"s3://releases/{key} has changed since it was looked at"):
            case.deployer.prepare(there, case.instances, case.wait)
        s3.delete_object(Bucket="releases", Key=key)
        with pytest.raises(Refused, match=f"there is no s3://releases/{key} any more"):
            case.deployer.prepare(there, case.instances, case.wait)

        local.write_bytes(packed[:-1] + b"!")
        with pytest.raises(Refused, match=f"the artifact {local} has changed since it was looked at"):
            case.deployer.prepare(case.release, case.instances, case.wait)
        local.write_bytes(packed)


def test_one_that_systems_manager_has_lost_since_is_refused_before_its_batch_leaves(
    aws: Aws, pair: Pair, of_pair: MakeCase
) -> None:
    case = of_pair(find_deployer("ssm")(SETTINGS, aws))
    ready(case, case.release)
    pair.two.agent_online = False

    with pytest.raises(Refused, match="the SSM agent of Staging-2 is ConnectionLost"):
        case.deployer.prepare(case.release, case.instances, case.wait)


def test_a_site_s_own_command_gets_no_other_file_than_the_one_that_was_looked_at(tmp_path: Path) -> None:
    artifact, other = tmp_path / "app.tar.gz", tmp_path / "other.tar.gz"
    artifact.write_text("2.0")
    other.write_text("2.1")
    release = Release("app", "2.0", str(artifact))
    made = find_deployer("command")(replace(SETTINGS, words=[sys.executable]), Aws(FakeClock(), print))
    case = replace(case_of(Hosts()), deployer=made)
    ready(case, release)

    other.replace(artifact)
    with pytest.raises(Refused, match="has changed since it was looked at"):
        case.deployer.prepare(release, case.instances, case.wait)
    artifact.unlink()
    with pytest.raises(Refused, match="there is no artifact"):
        case.deployer.prepare(release, case.instances, case.wait)
