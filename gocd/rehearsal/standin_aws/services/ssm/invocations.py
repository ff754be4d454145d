"""One command of Run Command and its run on each instance."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any
from uuid import uuid4

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.instances import Instance, Instances
from gocd.rehearsal.standin_aws.services.ssm import agent

# What is kept of the outputs: API reference, GetCommandInvocation; the agent's iohandler.go.
OUTPUT_LIMIT, ERROR_LIMIT, LISTED_LIMIT = 24_000, 8_000, 2_500
KEPT_CUT, CUT, ERROR_CUT = "--output truncated--", "\n---Output truncated---", "\n---Error truncated----"
# A command is known to the other calls only a moment after it was sent.
UNKNOWN_FOR = 0.2
# Seconds from a script's asking for a reboot to the machine's going down: the agent's rebooter_*.go.
REBOOT_DELAY = 60.0
# How often the agent runs a script that asks for a reboot every time: the agent's processor.go, constants.go.
RUNS = 1 + 15
ENDED = {"Success", "Failed", "Cancelled", "TimedOut"}


class Command:
    """One SendCommand: its *parameters* as sent, and an invocation per instance."""

    def __init__(self, parameters: Mapping[str, Any], plugin: str, clock: Clock) -> None:
        self.id = str(uuid4())
        self.parameters = parameters
        self.plugin = plugin
        self.now = clock
        self.invocations: dict[str, Invocation] = {}
        self.requested = datetime.now(timezone.utc)
        self._sent = clock()

    @property
    def age(self) -> float:
        return self.now() - self._sent

    @property
    def known(self) -> bool:
        return self.age >= UNKNOWN_FOR

    @property
    def delivery_timeout(self) -> float:
        return float(self.parameters.get("TimeoutSeconds") or 3600)

    def document_parameter(self, name: str) -> list[str]:
        return list(self.parameters.get("Parameters", {}).get(name, []))

    def described(self) -> dict[str, Any]:
        ended = [each.status for each in self.invocations.values() if each.status in ENDED]
        # A command is Success even if most of its targets could not be reached: Systems Manager user guide,
        # Understanding command statuses.
        failed = [
            each.status
            for each in self.invocations.values()
            if each.status in ENDED - {"Success"} and each.details != "Undeliverable"
        ]
        status = "Pending" if not self.known else "InProgress"
        if self.known and len(ended) == len(self.invocations):
            status = failed[0] if failed else "Success"
        return {
            "CommandId": self.id,
            "DocumentName": self.parameters["DocumentName"],
            "Comment": self.parameters.get("Comment", ""),
            "Parameters": self.parameters.get("Parameters", {}),
            "InstanceIds": self.parameters.get("InstanceIds", []),
            "Targets": self.parameters.get("Targets", []),
            "RequestedDateTime": self.requested,
            "ExpiresAfter": self.requested + timedelta(seconds=self.delivery_timeout),
            "Status": status,
            "StatusDetails": status,
            "TargetCount": len(self.invocations),
            "CompletedCount": len(ended),
            "ErrorCount": len(failed),
            "DeliveryTimedOutCount": sum(
                each.details == "DeliveryTimedOut" for each in self.invocations.values()
            ),
            "TimeoutSeconds": int(self.delivery_timeout),
            "MaxConcurrency": self.parameters.get("MaxConcurrency", "50"),
            "MaxErrors": self.parameters.get("MaxErrors", "0"),
        }


class Invocation:
    """A command on one instance: *status* and *details* are AWS's words for where it is."""

    def __init__(self, command: Command, instance: Instance) -> None:
        self.command = command
        self.instance = instance
        self.status = self.details = "Pending"
        self.exit_code = -1
        self._output = self._error = b""
        self._started: datetime | None = None
        self._ended: datetime | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        if self.status not in ENDED:
            self._cancelled.set()

    def run(self, machines: Instances) -> None:
        """Deliver the command once the instance is reachable, run it and note how it ended."""
        while not (machines.reachable(self.instance) and self.command.known):
            if self._cancelled.is_set():
                return self._end("Cancelled", "Cancelled")
            if self.command.age >= self.command.delivery_timeout:
                return self._end("TimedOut", "DeliveryTimedOut")
            time.sleep(0.05)
        if self.instance.command_ends:
            return self._end(*self.instance.command_ends)
        if (self.command.plugin == "aws:runPowerShellScript") != (self.instance.platform == "Windows"):
            return self._end("Failed", "InvalidPlatform")
        self._started = datetime.now(timezone.utc)
        self.status = self.details = "InProgress"
        return self._run(machines)

    def result(self) -> dict[str, Any]:
        """Answer GetCommandInvocation."""
        answer: dict[str, Any] = {
            "CommandId": self.command.id,
            "InstanceId": self.instance.id,
            "Comment": self.command.parameters.get("Comment", ""),
            "DocumentName": self.command.parameters["DocumentName"],
            "PluginName": self.command.plugin,
            "ResponseCode": self.exit_code,
            "Status": self.status,
            "StatusDetails": self.details,
            "StandardOutputContent": kept(self._output),
            "StandardErrorContent": kept(self._error)[:ERROR_LIMIT],
            "ExecutionStartDateTime": self._started.strftime("%Y-%m-%dT%H:%M:%SZ") if self._started else "",
            "ExecutionEndDateTime": self._ended.strftime("%Y-%m-%dT%H:%M:%SZ") if self._ended else "",
        }
        return answer

    def described(self, *, details: bool) -> dict[str, Any]:
        """Answer ListCommandInvocations for this one; *details* add the plugin and its cut output."""
        plugin = {
            "Name": self.command.plugin,
            "Status": self.status,
            "StatusDetails": self.details,
            "ResponseCode": self.exit_code,
            "Output": listed(_text(self._output), _text(self._error)),
        }
        return {
            "CommandId": self.command.id,
            "InstanceId": self.instance.id,
            "InstanceName": self.instance.name,
            "Comment": self.command.parameters.get("Comment", ""),
            "DocumentName": self.command.parameters["DocumentName"],
            "RequestedDateTime": self.command.requested,
            "Status": self.status,
            "StatusDetails": self.details,
            "CommandPlugins": [plugin] if details else [],
        }

    def _run(self, machines: Instances) -> None:
        folder = self.instance.root / "var/lib/amazon/ssm" / self.command.id
        folder.mkdir(parents=True, exist_ok=True)
        limit = agent.timeout((self.command.document_parameter("executionTimeout") or ["3600"])[0])
        workdir = (self.command.document_parameter("workingDirectory") or [""])[0]
        environment = {**self.instance.environment(machines.mark), **self._own_variables(machines.region)}
        for _ in range(RUNS):
            stopped = partial(self._stopped, self.command.now() + limit)
            ended = agent.run_script(
                self.instance,
                self.command.document_parameter("commands"),
                folder,
                environment,
                stopped,
                workdir,
            )
            # Before anybody can see that it has ended.
            reboot_due = self.command.now() + REBOOT_DELAY
            self._output += ended.output
            self._error += ended.error
            self.exit_code = ended.exit_code
            if ended.exit_code != self._system.reboots or not self._rebooted(machines, reboot_due):
                break
        self._judge(ended)

    @property
    def _system(self) -> agent.System:
        return agent.SYSTEMS[self.instance.platform]

    def _judge(self, ended: agent.Ended) -> None:
        """Read the exit code as the agent does: pluginutil_*.go, GetStatus; runscript.go, runCommands."""
        asked_to_stop = ended.exit_code in (self._system.stopped, self._system.reboots)
        if ended.exit_code == 0:
            self._end("Success", "Success")
        elif asked_to_stop and self._cancelled.is_set():
            self._end("Cancelled", "Cancelled")
        elif asked_to_stop:
            self._end("TimedOut", "ExecutionTimedOut")
        else:
            how = "signal: killed" if ended.exit_code < 0 else f"exit status {ended.exit_code}"
            self._error += f"failed to run commands: {how}".encode()
            self._end("Failed", "Failed")

    def _rebooted(self, machines: Instances, due: float) -> bool:
        """Have the machine reboot, as the agent does; false if the command is cancelled before that."""
        while self.command.now() < due:
            if self._cancelled.wait(0.05):
                return False
        machines.reboot(self.instance)
        return True

    def _stopped(self, deadline: float) -> str:
        if self._cancelled.is_set():
            return "Cancelled"
        return "TimedOut" if self.command.now() >= deadline else ""

    def _own_variables(self, region: str) -> dict[str, str]:
        """Give what the agent adds to its own environment: executers.go, runscript.go."""
        name, version = self.instance.system
        return {
            "SSM_COMMAND_ID": self.command.id,
            "AWS_SSM_INSTANCE_ID": self.instance.id,
            "AWS_SSM_REGION_NAME": region,
            "AWS_SSM_PLATFORM_NAME": name,
            "AWS_SSM_PLATFORM_VERSION": version,
        }

    def _end(self, status: str, details: str) -> None:
        self._ended = datetime.now(timezone.utc)
        self.status, self.details = status, details


def listed(output: str, error: str) -> str:
    """Join output and errors as the agent does for a list: whichever takes more than half is cut."""
    title = "\n----------ERROR-------\n" if error else ""
    room = LISTED_LIMIT - len(title)
    if len(output) + len(error) < room:
        return output + title + error
    if len(output) > room // 2 and len(error) > room // 2:
        half = (room - len(CUT) - len(ERROR_CUT)) // 2
        return output[:half] + CUT + title + error[:half] + ERROR_CUT
    if len(output) < room // 2:
        return output + title + error[: room - len(ERROR_CUT) - len(output)] + ERROR_CUT
    return output[: room - len(CUT) - len(error)] + CUT + title + error


def kept(output: bytes) -> str:
    """Keep the head of an output, as the agent does before it reports: runpluginutil.go, RunPlugins."""
    if len(output) < OUTPUT_LIMIT:
        return _text(output)
    return _text(output[: OUTPUT_LIMIT - len(KEPT_CUT)]) + KEPT_CUT


def _text(output: bytes) -> str:
    return output.decode(errors="replace")
