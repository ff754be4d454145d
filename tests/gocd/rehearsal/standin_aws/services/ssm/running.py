"""What tests of Run Command share: to send a script to a host, and to wait for its end."""

import threading
import time
from typing import Any

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World

RUNNING = {"Pending", "InProgress", "Delayed"}


def send(cloud: World, host: Instance, *lines: str, **parameters: list[str]) -> str:
    """Send a script of these lines in the language of the host; gives the command's id."""
    sent = cloud.client("ssm").send_command(
        InstanceIds=[host.id],
        DocumentName=f"AWS-Run{'PowerShell' if host.platform == 'Windows' else 'Shell'}Script",
        Parameters={"commands": list(lines), **parameters},
    )
    return str(sent["Command"]["CommandId"])


def finished(cloud: World, host: Instance, command_id: str) -> Any:
    """Wait for a command to end; gives GetCommandInvocation's answer."""
    ssm = cloud.client("ssm")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            told = ssm.get_command_invocation(CommandId=command_id, InstanceId=host.id)
        except ssm.exceptions.InvocationDoesNotExist:
            told = {"Status": "Pending"}
        if told["Status"] not in RUNNING:
            return told
        threading.Event().wait(0.02)
    raise AssertionError(told)


def done(cloud: World, host: Instance, *lines: str, **parameters: list[str]) -> Any:
    """Have a script run to its end."""
    return finished(cloud, host, send(cloud, host, *lines, **parameters))
