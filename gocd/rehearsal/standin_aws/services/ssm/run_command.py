"""Systems Manager Run Command, whose commands really run on the instance.

Sources: Systems Manager API reference (SendCommand, CommandInvocation); Systems Manager user guide,
Understanding command statuses; the agent's own sources (amazon-ssm-agent: exit codes, cut output).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ssm.exceptions import SSMException
from moto.ssm.responses import SimpleSystemManagerResponse

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.machines.instances import Instance, Instances
from gocd.rehearsal.standin_aws.services.ssm.invocations import Command, Invocation

DOCUMENTS = {
    "AWS-RunShellScript": "aws:runShellScript",
    "AWS-RunPowerShellScript": "aws:runPowerShellScript",
}

# What both documents take for executionTimeout: their allowedPattern.
EXECUTION_TIMEOUT = re.compile(
    r"([1-9][0-9]{0,4})|(1[0-6][0-9]{4})|(17[0-1][0-9]{3})|(172[0-7][0-9]{2})|(172800)"
)

# API reference: SendCommand, InstanceIds; and MaxResults of what lists.
MOST_INSTANCES, LONGEST_PAGE = 50, 50


class RunCommand:
    """The commands sent so far and what became of them."""

    def __init__(self, instances: Instances, clock: Clock) -> None:
        self._instances = instances
        self._now = clock
        self._commands: dict[str, Command] = {}
        self._runs: list[threading.Thread] = []

    def corrections(self) -> Iterator[Correction]:
        owner = SimpleSystemManagerResponse
        yield Correction(owner, "send_command", self.send_command)
        yield Correction(owner, "list_commands", self.list_commands)
        yield Correction(owner, "get_command_invocation", self.get_command_invocation)
        yield Correction(owner, "list_command_invocations", self.list_command_invocations, added=True)
        yield Correction(owner, "cancel_command", self.cancel_command, added=True)
        yield Correction(
            owner, "describe_instance_information", self.describe_instance_information, added=True
        )
        yield Correction(owner, "get_connection_status", self.get_connection_status, added=True)

    def advance(self) -> None:
        """Nothing: each run has a thread of its own."""

    def forget(self) -> None:
        """Stop every command that runs, and drop them all."""
        for command in self._commands.values():
            for invocation in command.invocations.values():
                invocation.cancel()
        for run in self._runs:
            run.join(5)
        self._runs.clear()
        self._commands.clear()

    def send_command(self, response: Any) -> ActionResult:
        """SendCommand: to managed instances only; nothing of it is known for a moment after."""
        parameters = _parameters(response)
        document = str(parameters.get("DocumentName"))
        if document not in DOCUMENTS:
            raise SSMException("InvalidDocument", f"Document with name {document} does not exist.")
        asked = parameters.get("InstanceIds", [])
        if len(asked) > MOST_INSTANCES:
            raise SSMException(
                "ValidationException",
                f"1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: "
                f"Member must have length less than or equal to {MOST_INSTANCES}",
            )
        for given in parameters.get("Parameters", {}).get("executionTimeout", []):
            if not EXECUTION_TIMEOUT.fullmatch(given):
                raise SSMException("InvalidParameters", "executionTimeout does not match its allowedPattern")
        unknown = [each for each in asked if self._instances.get(each) is None]
        if unknown or any(self._instances.state(each) in {None, "terminated"} for each in asked):
            bad = ", ".join(unknown or asked)
            text = f"Instances [[{bad}]] not in a valid state for account {ACCOUNT}"
            raise SSMException("InvalidInstanceId", text)
        targets = [self._instances.get(each) for each in asked] or self._matching(
            parameters.get("Targets", [])
        )
        command = Command(parameters, DOCUMENTS[document], self._now)
        self._commands[command.id] = command
        for instance in targets:
            assert instance is not None
            invocation = Invocation(command, instance)
            command.invocations[instance.id] = invocation
            run = threading.Thread(target=invocation.run, args=(self._instances,), daemon=True)
            run.start()
            self._runs.append(run)
        return ActionResult({"Command": command.described()})

    def list_commands(self, response: Any) -> ActionResult:
        """ListCommands: newest first."""
        parameters = _parameters(response)
        commands = self._asked_for(parameters)
        return _page(parameters, "Commands", [command.described() for command in reversed(commands)])

    def get_command_invocation(self, response: Any) -> ActionResult:
        parameters = _parameters(response)
        command = self._command(parameters["CommandId"])
        invocation = command.invocations.get(parameters["InstanceId"])
        if invocation is None or not command.known:
            raise SSMException("InvocationDoesNotExist", "")
        if parameters.get("PluginName") not in {None, command.plugin}:
            raise SSMException("InvalidPluginName", "")
        return ActionResult(invocation.result())

    def list_command_invocations(self, response: Any) -> ActionResult:
        parameters = _parameters(response)
        details = bool(parameters.get("Details"))
        described = [
            invocation.described(details=details)
            for command in self._asked_for(parameters)
            if command.known
            for invocation in command.invocations.values()
            if parameters.get("InstanceId") in {None, invocation.instance.id}
        ]
        return _page(parameters, "CommandInvocations", described)

    def cancel_command(self, response: Any) -> ActionResult:
        """CancelCommand: asks; what has ended stays as it ended."""
        parameters = _parameters(response)
        command = self._command(parameters["CommandId"])
        for instance_id in parameters.get("InstanceIds") or command.invocations:
            if instance_id in command.invocations:
                command.invocations[instance_id].cancel()
        return ActionResult({})

    def describe_instance_information(self, response: Any) -> ActionResult:
        """DescribeInstanceInformation: every instance whose agent has ever reported."""
        parameters = _parameters(response)
        wanted: set[str] | None = None
        for chosen in parameters.get("Filters", []) + parameters.get("InstanceInformationFilterList", []):
            if chosen.get("Key", chosen.get("key")) == "InstanceIds":
                wanted = set(chosen.get("Values", chosen.get("valueSet")))
        told = [
            {
                "InstanceId": each.id,
                "PingStatus": "Online" if self._instances.reachable(each) else "ConnectionLost",
                "AgentVersion": "3.3.2299.0",
                "IsLatestVersion": True,
                "PlatformType": each.platform,
                "PlatformName": each.system[0],
                "PlatformVersion": each.system[1],
                "ResourceType": "EC2Instance",
                "IPAddress": each.private_ip,
                "ComputerName": _computer(each),
            }
            for each in self._instances
            if (wanted is None or each.id in wanted) and self._instances.state(each.id) != "terminated"
        ]
        return _page(parameters, "InstanceInformationList", told)

    def get_connection_status(self, response: Any) -> ActionResult:
        target = _parameters(response)["Target"]
        instance = self._instances.get(target)
        connected = instance is not None and self._instances.reachable(instance)
        return ActionResult({"Target": target, "Status": "connected" if connected else "notconnected"})

    def _command(self, command_id: str) -> Command:
        if command_id not in self._commands:
            raise SSMException("InvalidCommandId", "")
        return self._commands[command_id]

    def _asked_for(self, parameters: Mapping[str, Any]) -> list[Command]:
        if parameters.get("CommandId"):
            return [self._command(parameters["CommandId"])]
        on = parameters.get("InstanceId")
        return [each for each in self._commands.values() if on is None or on in each.invocations]

    def _matching(self, targets: Iterable[Mapping[str, Any]]) -> list[Instance]:
        def fits(instance: Instance, target: Mapping[str, Any]) -> bool:
            if target["Key"].lower() == "instanceids":
                return instance.id in target["Values"]
            tags = {tag["key"]: tag["value"] for tag in self._instances.described(instance.id).get_tags()}
            return tags.get(target["Key"].removeprefix("tag:")) in target["Values"]

        running = [each for each in self._instances if self._instances.state(each.id) == "running"]
        return [each for each in running if all(fits(each, target) for target in targets)]


def _computer(instance: Instance) -> str:
    """Give the name that Amazon's images set: of the address on Linux, and one of no meaning on Windows."""
    if instance.platform == "Windows":
        return f"EC2AMAZ-{instance.id[-7:].upper()}.WORKGROUP"
    return f"ip-{instance.private_ip.replace('.', '-')}.ec2.internal"


def _page(parameters: Mapping[str, Any], key: str, entries: list[Any]) -> ActionResult:
    start = int(parameters.get("NextToken") or 0)
    end = start + int(parameters.get("MaxResults") or LONGEST_PAGE)
    more = {"NextToken": str(end)} if end < len(entries) else {}
    return ActionResult({key: entries[start:end], **more})


def _parameters(response: Any) -> Mapping[str, Any]:
    parameters: Mapping[str, Any] = json.loads(response.body or "{}")
    return parameters
