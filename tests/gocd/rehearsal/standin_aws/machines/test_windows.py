"""Windows hosts of the stand-in: they run PowerShell as the agent starts it, and no shell of a Linux.

Each script of these takes a second of a processor's time, so it is asked for all that it can tell.
"""

import os
import threading
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.service import SERVER
from tests.gocd.rehearsal.standin_aws.services.ssm.running import done, finished, send
from tests.tasks.hosts.powershell_host import needs_powershell

pytestmark = needs_powershell

SERVICE = Service(
    exec_start=["{python}", "{install_to}/current/server.py", "{private_ip}", "{port}", "{root}"],
    install_to=r"C:\srv\app",
    files={r"C:\srv\app\releases\1\server.py": SERVER},
    links={r"C:\srv\app\current": "releases/1"},
    platform="Windows",
)


@pytest.fixture
def host(cloud: World) -> Instance:
    return cloud.launch("Staging-1", service=SERVICE)


def main_process(host: Instance) -> str:
    return (host.root / "run/app.pid").read_text()


def test_a_script_runs_in_powershell_as_a_service_of_windows(cloud: World, host: Instance) -> None:
    before = main_process(host)
    told = done(
        cloud,
        host,
        "Write-Output 'Grüße'",
        "Write-Output $env:AWS_SSM_PLATFORM_NAME",
        "Write-Output (Get-Location).Path",
        "Write-Output ([Console]::IsInputRedirected)",
        "Restart-Service App",
        "Write-Output $? (Get-Service App).Status",
        "Write-Output $env:LANG $env:TERM $env:INSTANCE_ID",
        "exit 3",
    )
    [known] = cloud.client("ssm").describe_instance_information()["InstanceInformationList"]
    [reservation] = cloud.client("ec2").describe_instances(InstanceIds=[host.id])["Reservations"]
    assert reservation["Instances"][0]["Platform"] == "windows"

    assert told["StandardOutputContent"].splitlines() == [
        "Grüße",
        known["PlatformName"],
        f"{host.root}/C/Windows/System32",
        "True",
        "True",
        "Running",
        host.id,
    ]
    assert (told["Status"], told["ResponseCode"]) == ("Failed", 3)
    assert told["StandardErrorContent"] == "failed to run commands: exit status 3"
    assert known["PlatformType"] == "Windows"
    assert main_process(host) != before
    assert (host.root / "C/srv/app/current/server.py").is_file()


def test_a_service_that_does_not_start_fails_as_a_commands_error_does(cloud: World, host: Instance) -> None:
    host.fail_next_start()
    told = done(
        cloud,
        host,
        "Restart-Service -Name App -Force -ErrorAction SilentlyContinue",
        'Write-Output $? "[$LASTEXITCODE]" (Get-Service App).Status',
        "$ErrorActionPreference = 'Stop'",
        "try { Restart-Service Nope } catch { Write-Output $_.Exception.Message }",
        "Restart-Service -Nope App",
        "Write-Output 'never reached'",
    )

    assert told["StandardOutputContent"].splitlines() == [
        "False",
        "[]",
        "Stopped",
        "Cannot find any service with service name 'Nope'.",
    ]
    assert told["ResponseCode"] == 1


def test_a_time_out_kills_one_process_and_its_children_go_on(cloud: World, host: Instance) -> None:
    mark = host.root / "child"
    command_id = send(
        cloud,
        host,
        "$child = Start-Process /bin/sleep 60 -PassThru",
        f"[IO.File]::WriteAllText('{mark}', \"$($child.Id)`n\")",
        "Write-Output waiting; Start-Sleep 60",
        executionTimeout=["5"],
    )
    eventually(lambda: mark.exists() and mark.read_text().endswith("\n"), True)
    threading.Event().wait(0.2)
    cloud.let_pass(5)
    told = finished(cloud, host, command_id)

    assert (told["Status"], told["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
    assert (told["ResponseCode"], told["StandardOutputContent"]) == (-1, "waiting\n")
    assert Path(f"/proc/{int(mark.read_text())}/cmdline").read_bytes().startswith(b"/bin/sleep")
    os.kill(int(mark.read_text()), 9)
