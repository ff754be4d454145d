import botocore.exceptions
import pytest

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually, get, power
from tests.gocd.rehearsal.standin_aws.service import SERVICE

# Takes half a second to end when it is asked to.
SLOW_TO_END = Service(
    exec_start=["{python}", "-S", "{root}/slow.py", "{root}/ended"],
    files={
        "/slow.py": """
import signal, sys, time
def end(*_):
    time.sleep(0.5)
    open(sys.argv[1], "w").write("in order")
    sys.exit()
signal.signal(signal.SIGTERM, end)
open(sys.argv[1], "w").close()
signal.pause()
"""
    },
)


def test_an_instance_answers_on_its_own_address_under_its_own_name(cloud: World) -> None:
    host = cloud.launch("Staging-1", zone="eu-west-1b", service=SERVICE)
    [told] = cloud.client("ec2").describe_instances(Filters=[{"Name": "tag:Name", "Values": ["Staging-1"]}])[
        "Reservations"
    ][0]["Instances"]

    assert told["InstanceId"] == host.id
    assert told["PrivateIpAddress"] == host.private_ip
    assert told["Placement"]["AvailabilityZone"] == "eu-west-1b"
    assert get(f"http://{host.private_ip}:8080/_status") == host.private_ip


def test_stopping_an_instance_stops_its_process_and_starting_starts_it(cloud: World) -> None:
    host = cloud.launch("Staging-1", service=SERVICE)
    ec2 = cloud.client("ec2")
    before = guardian.marked(cloud.instances_mark)

    ec2.stop_instances(InstanceIds=[host.id])
    eventually(lambda: power(cloud, host), "stopped")
    assert guardian.marked(cloud.instances_mark) == []
    ec2.start_instances(InstanceIds=[host.id])
    eventually(lambda: len(guardian.marked(cloud.instances_mark)), 1)
    after = guardian.marked(cloud.instances_mark)
    ec2.terminate_instances(InstanceIds=[host.id])
    eventually(lambda: guardian.marked(cloud.instances_mark), [])

    assert len(before) == 1
    assert before != after


def test_a_service_that_does_not_start_is_an_error_with_its_log(cloud: World) -> None:
    with pytest.raises(GoCDError, match=r"var/log/app\.log"):
        cloud.launch("broken", service=Service(exec_start=["/bin/false"]))


def test_two_instances_may_have_one_name(cloud: World) -> None:
    one, two = cloud.launch("twin", service=SERVICE), cloud.launch("twin", service=SERVICE)

    assert one.root != two.root
    assert one.private_ip != two.private_ip


def test_an_instance_is_stopping_until_its_process_has_ended(cloud: World) -> None:
    host = cloud.launch("Staging-1", service=SLOW_TO_END)
    ec2 = cloud.client("ec2")
    ec2.stop_instances(InstanceIds=[host.id])

    assert power(cloud, host) == "stopping"
    with pytest.raises(botocore.exceptions.ClientError, match="IncorrectInstanceState"):
        ec2.start_instances(InstanceIds=[host.id])
    eventually(lambda: power(cloud, host), "stopped")
    assert (host.root / "ended").read_text() == "in order"
