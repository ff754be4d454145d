"""One order to SSM Run Command: a script for up to 50 instances, and what became of it on each."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError, iam_action, senseless
from tasks.aws.instances import Instance
from tasks.aws.script_result import ENDED, RUNNING, ScriptResult, listed_outcome, outcome
from tasks.running.errors import TaskError
from tasks.running.quoting import listed
from tasks.running.waiting import Wait

# Instances of one order, and entries of one page (API reference, SendCommand, ListCommandInvocations).
MOST = 50

# Instances that a line names at most.
NAMED = 4

# Sends of one order. An order that AWS may have taken is looked up before it is sent again.
SENDS = 6

# Seconds. SSM lists an order's instances a moment after it took the order, not a minute after.
UNHEARD = 60.0


class Platform(Enum):
    """A system that SSM runs scripts on; the value is the document that does."""

    LINUX = "AWS-RunShellScript"
    WINDOWS = "AWS-RunPowerShellScript"


class Order:
    """A script for *instances*, which all run *platform*.

    Attributes:
        outcomes: How it ended, by instance id; who is not in it has not ended.
    """

    def __init__(self, aws: Aws, instances: Sequence[Instance], platform: Platform) -> None:
        self.instances = instances
        self.outcomes: dict[str, ScriptResult] = {}
        self._aws = aws
        self._platform = platform
        self._subject = subject(instances)
        self._command_id = ""
        self._mark = ""
        self._sent_at = 0.0
        self._heard: set[str] = set()
        self._strange: dict[str, str] = {}

    @property
    def waiting_for(self) -> list[Instance]:
        return [each for each in self.instances if each.id not in self.outcomes]

    def send(self, script: str, timeout: float, wait: Wait) -> None:
        """Have SSM take the order.

        Raises:
            AwsError: It does not; if the error is a passing one, it may have done so all the same.
        """
        self._mark = f"gocd-tasks {uuid.uuid4()}"
        self._command_id = self._sent(
            {
                "InstanceIds": [each.id for each in self.instances],
                "DocumentName": self._platform.value,
                "Comment": self._mark,
                "TimeoutSeconds": max(30, int(timeout)),
                # No instance waits for another, and none is left out because another failed.
                "MaxConcurrency": "100%",
                "MaxErrors": "100%",
                "Parameters": {
                    "commands": script.split("\n"),
                    "executionTimeout": [str(int(timeout))],
                },
            },
            wait,
        )
        self._sent_at = wait.clock.now()

    def look(self, now: float) -> None:
        """Note what has ended: one call for all, and one for each that failed, for its whole output."""
        invocations = pages(
            self._aws,
            "list_command_invocations",
            "CommandInvocations",
            self._subject,
            CommandId=self._command_id,
            Details=True,
        )
        for entry in invocations:
            self._heard.add(entry["InstanceId"])
            if entry["InstanceId"] not in self.outcomes:
                self._note(entry["InstanceId"], entry["Status"])
                if entry["Status"] in ENDED:
                    self._judge(entry)
        if now - self._sent_at >= UNHEARD:
            for each in self.waiting_for:
                if each.id not in self._heard:
                    self.outcomes[each.id] = ScriptResult("SSM has not taken it up", began=False)

    @property
    def strange(self) -> str:
        """What SSM says that nobody here knows of some that have not ended, in words; usually empty."""
        words = [f"SSM calls {each.name} {said}" for each in self.waiting_for if (said := self._said(each))]
        return listed(words, NAMED)

    def give_up(self, ended: ScriptResult) -> None:
        """Have the same end for all that have not ended."""
        for each in self.waiting_for:
            said = self._said(each)
            problem = f"{ended.problem} (SSM calls it {said})" if said else ended.problem
            self.outcomes[each.id] = replace(ended, problem=problem)

    def _said(self, instance: Instance) -> str:
        status = self._strange.get(instance.id)
        return f"{status!r}, which is not known here" if status else ""

    def _note(self, instance_id: str, status: str) -> None:
        self._strange.pop(instance_id, None)
        if status not in RUNNING | ENDED:
            self._strange[instance_id] = status

    def cancel(self) -> bool:
        """Ask SSM to stop the script, which may have ended meanwhile; return whether there was one."""
        # The answer to the order may have been lost, and the order taken all the same.
        command_id = self._command_id or (self._mark and self._sent_as(self._mark))
        if command_id:
            self._aws.call("ssm", "cancel_command", self._subject, CommandId=command_id)
        return bool(command_id)

    def _sent(self, order: dict[str, Any], wait: Wait) -> str:
        for attempt in range(1, SENDS + 1):
            try:
                answer = self._aws.call("ssm", "send_command", self._subject, **order)
                return str(answer["Command"]["CommandId"])
            except AwsError as error:
                if not error.passing or attempt == SENDS:
                    raise
            wait.rest(min(2.0**attempt, 20), f"{self._subject}: AWS asks to wait")
            if sent := self._sent_as(self._mark):
                return sent
        raise TaskError(f"AWS did not take the order for {self._subject}")

    def _sent_as(self, mark: str) -> str | None:
        recent = self._aws.call("ssm", "list_commands", InstanceId=self.instances[0].id, MaxResults=25)
        return next((c["CommandId"] for c in recent["Commands"] if c.get("Comment") == mark), None)

    def _judge(self, entry: Mapping[str, Any]) -> None:
        ended = listed_outcome(entry)
        if ended.problem and ended.began:
            whole = self._invocation(entry["InstanceId"])
            if whole["Status"] not in ENDED:
                return
            ended = outcome(whole)
        self.outcomes[entry["InstanceId"]] = ended

    def _invocation(self, instance_id: str) -> Mapping[str, Any]:
        asked = {"CommandId": self._command_id, "InstanceId": instance_id}
        try:
            return self._aws.call("ssm", "get_command_invocation", self._subject, **asked)
        except AwsError as error:
            # One call of SSM may know for a moment what another does not know yet.
            if error.code == "InvocationDoesNotExist":
                return {"Status": "Pending"}
            raise


def subject(instances: Sequence[Instance]) -> str:
    """Name the instances in a line: one by its name, more by their number."""
    return instances[0].name if len(instances) == 1 else f"{len(instances)} instances"


def pages(aws: Aws, operation: str, key: str, subject: str, **question: Any) -> list[Mapping[str, Any]]:
    """Return all entries under *key* of one of SSM's lists."""
    found: list[Mapping[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        answer = aws.call("ssm", operation, subject, MaxResults=MOST, **question, **token)
        found += answer[key]
        if not answer.get("NextToken"):
            return found
        if token.get("NextToken") == answer["NextToken"]:
            raise senseless(iam_action("ssm", operation), "NextToken", answer["NextToken"])
        token = {"NextToken": answer["NextToken"]}
