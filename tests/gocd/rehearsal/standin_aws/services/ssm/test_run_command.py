import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.ssm import invocations
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.s3.linking import make_bucket, s3
from tests.gocd.rehearsal.standin_aws.services.ssm.running import finished, send


@pytest.fixture
def host(cloud: World) -> Instance:
    return cloud.launch("Staging-1", service=SERVICE)


def test_commands_really_run_in_the_instances_own_folder(cloud: World, host: Instance) -> None:
    told = finished(
        cloud, host, send(cloud, host, "echo $INSTANCE_ID", 'cd "$DESTDIR" && pwd', "echo oops >&2")
    )

    assert told["Status"] == told["StatusDetails"] == "Success"
    assert told["ResponseCode"] == 0
    assert told["StandardOutputContent"].splitlines() == [host.id, str(host.root)]
    assert told["StandardErrorContent"] == "oops\n"


def test_the_environment_is_the_instances_not_ours(
    cloud: World, host: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "1")
    told = finished(cloud, host, send(cloud, host, "echo ${OURS:-none}"))

    assert told["StandardOutputContent"] == "none\n"


def test_the_first_line_may_choose_the_interpreter(cloud: World, host: Instance) -> None:
    told = finished(cloud, host, send(cloud, host, "#!/bin/bash", "a=(x y); echo ${a[1]}"))

    assert told["StandardOutputContent"] == "y\n"


def test_a_failing_command_has_failed_with_its_exit_code(cloud: World, host: Instance) -> None:
    told = finished(cloud, host, send(cloud, host, "echo before", "exit 3"))

    assert (told["Status"], told["ResponseCode"]) == ("Failed", 3)
    assert told["StandardErrorContent"] == "failed to run commands: exit status 3"


def test_nothing_is_known_of_a_command_right_after_it_was_sent(cloud: World, host: Instance) -> None:
    ssm = cloud.client("ssm")
    command_id = send(cloud, host, "true")

    with pytest.raises(ssm.exceptions.InvocationDoesNotExist):
        ssm.get_command_invocation(CommandId=command_id, InstanceId=host.id)
    assert ssm.list_command_invocations(CommandId=command_id)["CommandInvocations"] == []
    finished(cloud, host, command_id)


def test_the_head_of_long_output_is_kept(cloud: World, host: Instance) -> None:
    command_id = send(
        cloud, host, "head -c 30000 /dev/zero | tr '\\0' x", "head -c 9000 /dev/zero | tr '\\0' y >&2"
    )
    told = finished(cloud, host, command_id)
    [listed] = cloud.client("ssm").list_command_invocations(CommandId=command_id, Details=True)[
        "CommandInvocations"
    ]

    assert len(told["StandardOutputContent"]) == 24_000
    assert told["StandardOutputContent"].endswith("x--output truncated--")
    assert len(told["StandardErrorContent"]) == 8_000
    assert len(listed["CommandPlugins"][0]["Output"]) == 2_500


@pytest.mark.parametrize(
    ("output", "error", "shown"),
    [
        (1_000, 1_000, "x" * 1_000 + "\n----------ERROR-------\n" + "y" * 1_000),
        (3_000, 10, "x" * 2_443 + "\n---Output truncated---\n----------ERROR-------\n" + "y" * 10),
        (10, 3_000, "x" * 10 + "\n----------ERROR-------\n" + "y" * 2_443 + "\n---Error truncated----"),
    ],
)
def test_a_list_shows_both_and_cuts_the_longer(output: int, error: int, shown: str) -> None:
    assert invocations.listed("x" * output, "y" * error) == shown
    assert len(shown) <= 2_500


def test_an_order_is_for_fifty_and_lists_come_in_pages(cloud: World) -> None:
    ssm = cloud.client("ssm")
    hosts = [cloud.launch(f"Bare-{number}") for number in range(51)]
    order = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["true"]}}
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationException"):
        ssm.send_command(InstanceIds=[host.id for host in hosts], **order)
    sent = ssm.send_command(InstanceIds=[host.id for host in hosts[:50]], **order)["Command"]["CommandId"]
    finished(cloud, hosts[0], sent)
    pages = ssm.get_paginator("list_command_invocations").paginate(
        CommandId=sent, PaginationConfig={"PageSize": 20}
    )

    assert [len(page["CommandInvocations"]) for page in pages] == [20, 20, 10]
    assert len(ssm.describe_instance_information(MaxResults=50)["InstanceInformationList"]) == 50
    assert "NextToken" in ssm.describe_instance_information(MaxResults=50)


def test_a_command_that_takes_too_long_is_stopped(cloud: World, host: Instance) -> None:
    command_id = send(cloud, host, "sleep 60 & sleep 60", executionTimeout=["5"])
    eventually(
        lambda: cloud.client("ssm").list_commands(CommandId=command_id)["Commands"][0]["Status"], "InProgress"
    )
    cloud.let_pass(5)
    told = finished(cloud, host, command_id)

    assert (told["Status"], told["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")


def test_a_cancelled_command_is_stopped(cloud: World, host: Instance) -> None:
    ssm = cloud.client("ssm")
    command_id = send(cloud, host, "sleep 60")
    eventually(lambda: ssm.list_commands(CommandId=command_id)["Commands"][0]["Status"], "InProgress")
    ssm.cancel_command(CommandId=command_id)

    assert finished(cloud, host, command_id)["Status"] == "Cancelled"


def test_a_reset_ends_what_still_runs(cloud: World, host: Instance) -> None:
    command_id = send(cloud, host, "sleep 60")
    ssm = cloud.client("ssm")
    eventually(lambda: ssm.list_commands(CommandId=command_id)["Commands"][0]["Status"], "InProgress")
    cloud.reset()

    assert guardian.marked(cloud.instances_mark) == []
    assert ssm.list_commands()["Commands"] == []
    assert not host.root.exists()


def test_a_command_to_an_unknown_instance_is_refused(cloud: World, host: Instance) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidInstanceId"):
        cloud.client("ssm").send_command(
            InstanceIds=["i-0123456789abcdef0"],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": ["true"]},
        )


def test_an_instance_that_is_away_is_not_online_and_gets_its_command_later(
    cloud: World, host: Instance
) -> None:
    ssm = cloud.client("ssm")
    host.agent_online = False
    [told] = ssm.describe_instance_information()["InstanceInformationList"]
    command_id = send(cloud, host, "true")
    assert told["PingStatus"] == "ConnectionLost"

    host.agent_online = True
    assert finished(cloud, host, command_id)["Status"] == "Success"
    [told] = ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [host.id]}])[
        "InstanceInformationList"
    ]
    assert (told["PingStatus"], told["PlatformType"]) == ("Online", "Linux")


def test_what_was_never_delivered_times_out(cloud: World, host: Instance) -> None:
    host.agent_online = False
    ssm = cloud.client("ssm")
    sent = ssm.send_command(
        InstanceIds=[host.id],
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": ["true"]},
        TimeoutSeconds=30,
    )
    cloud.let_pass(30)
    told = finished(cloud, host, sent["Command"]["CommandId"])

    assert (told["Status"], told["StatusDetails"]) == ("TimedOut", "DeliveryTimedOut")


def test_a_restart_through_systemd_is_a_new_process(cloud: World, host: Instance) -> None:
    command_id = send(
        cloud,
        host,
        "systemctl status app",
        "systemctl restart app",
        "systemctl status app",
        "systemctl is-active app",
    )
    lines = finished(cloud, host, command_id)["StandardOutputContent"].splitlines()
    pids = [line for line in lines if "PID" in line]

    assert len(set(pids)) == 2
    assert lines[-1] == "active"


def test_a_service_that_exits_at_once_fails_to_start(cloud: World, host: Instance) -> None:
    (host.root / "opt/app/current/server.py").write_text("raise SystemExit(1)")
    told = finished(cloud, host, send(cloud, host, "systemctl restart app.service"))

    assert told["ResponseCode"] == 1
    assert "Job for app.service failed" in told["StandardErrorContent"]


def test_an_unknown_unit_is_not_found(cloud: World, host: Instance) -> None:
    (host.root / "etc/systemd/system/other.service").write_text("[Service]\nExecStart=true\n")
    told = finished(cloud, host, send(cloud, host, "systemctl restart nope"))

    assert told["ResponseCode"] == 5
    assert "Unit nope.service not found." in told["StandardErrorContent"]


def test_a_presigned_url_fetches_an_object_with_curl(cloud: World, host: Instance) -> None:
    make_bucket(cloud, "releases", "eu-west-1")
    signer = s3(cloud, "eu-west-1", signature_version="s3v4")
    url = signer.generate_presigned_url("get_object", Params={"Bucket": "releases", "Key": "app"})
    cloud.journal.clear()

    told = finished(cloud, host, send(cloud, host, f"curl -sSf '{url}'"))

    assert told["StandardOutputContent"] == "release"
    [call] = cloud.journal.of("GetObject")
    assert call.presigned
