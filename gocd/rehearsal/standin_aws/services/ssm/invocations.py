"""One command of Run Command and its run on each instance."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.executable import place
from gocd.rehearsal.standin_aws.machines.instances import Instance

# What Run Command keeps of the output, in characters: API reference, GetCommandInvocation.
OUTPUT_LIMIT, ERROR_LIMIT, LISTED_LIMIT = 24_000, 8_000, 2_500
CUT, ERROR_CUT = "\n---Output truncated---", "\n---Error truncated----"
# A command is known to the other calls only a moment after it was sent.
UNKNOWN_FOR = 0.2
STOPPED_EXIT_CODE = 137
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

    def __init__(self, command: Command, instance: Instance, mark: str) -> None:
        self.command = command
        self.instance = instance
        self.status = self.details = "Pending"
        self.exit_code = -1
        self._mark = mark
        self._output = self._error = ""
        self._started: datetime | None = None
        self._ended: datetime | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        if self.status not in ENDED:
            self._cancelled.set()

    def run(self, reachable: Callable[[Instance], bool]) -> None:
        """Deliver the command once the instance is reachable, run it and note how it ended."""
        while not (reachable(self.instance) and self.command.known):
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
        if self.instance.platform == "Windows":
            self.exit_code, self._error = 1, "a stand-in runs no PowerShell"
            return self._end("Failed", "Failed")
        folder = self.instance.root / "var/lib/amazon/ssm" / self.command.id
        folder.mkdir(parents=True, exist_ok=True)
        return self._run(folder / "_script.sh", folder)

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
            "StandardOutputContent": cut(self._output, OUTPUT_LIMIT),
            "StandardErrorContent": cut(self._error, ERROR_LIMIT),
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
            "Output": listed(self._output, self._error),
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

    def _run(self, script: Path, folder: Path) -> None:
        limit = float((self.command.document_parameter("executionTimeout") or ["3600"])[0])
        workdir = (self.command.document_parameter("workingDirectory") or [""])[0]
        output, error = folder / "stdout", folder / "stderr"
        place(script, ("\n".join(self.command.document_parameter("commands")) + "\n").encode())
        with output.open("wb") as out, error.open("wb") as err:
            # The agent runs `sh -c PATH`: a first line beginning with #! chooses another interpreter.
            process = subprocess.Popen(
                ["sh", "-c", shlex.quote(str(script))],
                cwd=workdir or self.instance.root,
                env=self.instance.environment(self._mark),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            stopped = self._wait(process, limit)
        self._output = output.read_text(encoding="utf-8", errors="replace")
        self._error = error.read_text(encoding="utf-8", errors="replace")
        self.exit_code = STOPPED_EXIT_CODE if stopped else process.returncode % 256
        if stopped:
            return self._end(*stopped)
        if self.exit_code:
            self._error += f"failed to run commands: exit status {self.exit_code}"
            return self._end("Failed", "Failed")
        return self._end("Success", "Success")

    def _wait(self, process: subprocess.Popen[bytes], limit: float) -> tuple[str, str] | None:
        deadline = self.command.now() + limit
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                return None
            stopped = None
            if self._cancelled.is_set():
                stopped = ("Cancelled", "Cancelled")
            elif self.command.now() >= deadline:
                stopped = ("TimedOut", "ExecutionTimedOut")
            if stopped:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return stopped

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


def cut(text: str, limit: int) -> str:
    """Keep the head of an output, as Run Command does."""
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT
