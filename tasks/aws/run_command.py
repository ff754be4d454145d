"""SSM Run Command: one script on one instance, judged by its own invocation."""

import uuid
from enum import Enum
from typing import Any

from tasks.aws.command_outcome import RUNNING, Outcome, outcome
from tasks.aws.connect import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.errors import Refused, TaskError
from tasks.waiting import Wait

# Sends of one order. An order that AWS may have taken is looked up before it is sent again.
SENDS = 6


class Platform(Enum):
    """A system that SSM runs scripts on; the value is the document that does."""

    LINUX = "AWS-RunShellScript"
    WINDOWS = "AWS-RunPowerShellScript"


class RunCommand:
    """Sends one script to one instance and follows it.

    Args:
        timeout: Seconds that the script may run.
    """

    def __init__(self, aws: Aws, instance: Instance, timeout: float) -> None:
        self._aws = aws
        self._instance = instance
        self._timeout = timeout
        self._command_id = ""
        self._mark = ""

    def platform(self) -> Platform:
        """Return what the instance runs, as SSM knows it.

        Raises:
            Refused: SSM cannot reach it now, or it runs something that no script here is for.
        """
        filters = [{"Key": "InstanceIds", "Values": [self._instance.id]}]
        answer = self._aws.call("ssm", "describe_instance_information", self._instance.name, Filters=filters)
        known = answer["InstanceInformationList"]
        if not known:
            raise Refused(
                f"{self._instance.name} is not managed by SSM",
                "Check that its SSM agent runs and that its role has AmazonSSMManagedInstanceCore",
            )
        if known[0]["PingStatus"] != "Online":
            raise Refused(
                f"the SSM agent of {self._instance.name} is {known[0]['PingStatus']}, not Online",
                "Start its SSM agent, or wait until SSM sees it again",
            )
        system = known[0].get("PlatformType", "Linux")
        if system.upper() not in Platform.__members__:
            raise Refused(f"{self._instance.name} runs {system}; --via ssm serves Linux and Windows")
        return Platform[system.upper()]

    def run(self, script: str, platform: Platform, wait: Wait, words: str) -> Outcome:
        """Run *script* and return how it ended.

        Args:
            words: What is being done, for the lines that show progress.
        """
        self._command_id = self._send(script, platform, wait)
        last: dict[str, Any] = {}

        def look() -> str | None:
            last.update(self._invocation())
            return words if last["Status"] in RUNNING else None

        # Delivery may take as long as running does before SSM itself gives up.
        wait.until_done(
            look, pace=lambda elapsed: 1.0 if elapsed < 30 else 3.0, within=2 * self._timeout + 60
        )
        return outcome(last)

    def cancel(self) -> bool:
        """Ask SSM to stop the script, which may have ended meanwhile; return whether there was one."""
        # The answer to the order may have been lost, and the order taken all the same.
        command_id = self._command_id or (self._mark and self._sent_as(self._mark))
        if command_id:
            self._aws.call("ssm", "cancel_command", self._instance.name, CommandId=command_id)
        return bool(command_id)

    def _send(self, script: str, platform: Platform, wait: Wait) -> str:
        self._mark = f"gocd-tasks {uuid.uuid4()}"
        order = {
            "InstanceIds": [self._instance.id],
            "DocumentName": platform.value,
            "Comment": self._mark,
            "TimeoutSeconds": max(30, int(self._timeout)),
            "Parameters": {
                "commands": script.split("\n"),
                "executionTimeout": [str(int(self._timeout))],
            },
        }
        for attempt in range(1, SENDS + 1):
            try:
                answer = self._aws.call("ssm", "send_command", self._instance.name, **order)
                return str(answer["Command"]["CommandId"])
            except AwsError as error:
                if not error.passing or attempt == SENDS:
                    raise
            wait.rest(min(2.0**attempt, 20), f"{self._instance.name}: AWS asks to wait")
            if sent := self._sent_as(self._mark):
                return sent
        raise TaskError(f"AWS did not take the order for {self._instance.name}")

    def _sent_as(self, mark: str) -> str | None:
        recent = self._aws.call("ssm", "list_commands", InstanceId=self._instance.id, MaxResults=25)
        return next((c["CommandId"] for c in recent["Commands"] if c.get("Comment") == mark), None)

    def _invocation(self) -> dict[str, Any]:
        try:
            return self._aws.call(
                "ssm",
                "get_command_invocation",
                self._instance.name,
                CommandId=self._command_id,
                InstanceId=self._instance.id,
            )
        except AwsError as error:
            # Usual for a moment after an order was taken.
            if error.code == "InvocationDoesNotExist":
                return {"Status": "Pending"}
            raise
