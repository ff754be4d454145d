"""SSM Run Command: one script on one instance, judged by its own invocation."""

import uuid
from dataclasses import dataclass

from tasks.aws.connect import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.errors import Refused, TaskError
from tasks.waiting import Wait

RUNNING = {"Pending", "InProgress", "Delayed", "Cancelling"}

# Sends of one order. An order that AWS may have taken is looked up before it is sent again.
SENDS = 6

WORDS = {
    "Undeliverable": "the order never reached it",
    "DeliveryTimedOut": "the order never reached it",
    "ExecutionTimedOut": "it ran too long and was stopped",
    "TimedOut": "it ran too long and was stopped",
    "Cancelled": "it was cancelled in AWS",
    "Terminated": "it was cancelled in AWS",
    "InvalidPlatform": "the instance runs another system than the script is for",
    "AccessDenied": "the instance may not run it",
}


@dataclass(frozen=True)
class Outcome:
    """How a script ended.

    Args:
        problem: In words, or None if it succeeded.
        output: What it printed on stdout; AWS keeps the first 24,000 characters.
        errors: The same for stderr, the first 8,000.
    """

    problem: str | None
    output: str
    errors: str


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

    def check_online(self) -> None:
        """Refuse an instance that SSM cannot reach, or whose system this cannot serve.

        Raises:
            Refused: With what SSM knows of it.
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
            raise Refused(f"the SSM agent of {self._instance.name} is {known[0]['PingStatus']}, not Online")
        if known[0].get("PlatformType", "Linux") != "Linux":
            raise Refused(
                f"{self._instance.name} runs {known[0]['PlatformType']}; --via ssm serves Linux only"
            )

    def run(self, script: str, wait: Wait, words: str) -> Outcome:
        """Run *script* and return how it ended.

        Args:
            words: What is being done, for the lines that show progress.
        """
        self._command_id = self._send(script, wait)
        last: dict[str, str] = {}

        def look() -> str | None:
            last.update(self._invocation())
            return words if last["Status"] in RUNNING else None

        # Delivery may take as long as running does before SSM itself gives up.
        wait.until_done(
            look, pace=lambda elapsed: 1.0 if elapsed < 30 else 3.0, within=2 * self._timeout + 60
        )
        detail = last.get("StatusDetails", last["Status"]).replace(" ", "")
        problem = None
        if last["Status"] != "Success":
            problem = WORDS.get(detail, f"it exited {last.get('ResponseCode', 'without a code')}")
        return Outcome(problem, last.get("StandardOutputContent", ""), last.get("StandardErrorContent", ""))

    def cancel(self) -> None:
        """Ask SSM to stop the script; it may have ended meanwhile."""
        if self._command_id:
            self._aws.call("ssm", "cancel_command", self._instance.name, CommandId=self._command_id)

    def _send(self, script: str, wait: Wait) -> str:
        mark = f"gocd-tasks {uuid.uuid4()}"
        order = {
            "InstanceIds": [self._instance.id],
            "DocumentName": "AWS-RunShellScript",
            "Comment": mark,
            "TimeoutSeconds": max(30, int(self._timeout)),
            "Parameters": {
                "commands": script.splitlines(),
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
            if sent := self._sent_as(mark):
                return sent
        raise TaskError(f"AWS did not take the order for {self._instance.name}")

    def _sent_as(self, mark: str) -> str | None:
        recent = self._aws.call("ssm", "list_commands", InstanceId=self._instance.id, MaxResults=25)
        return next((c["CommandId"] for c in recent["Commands"] if c.get("Comment") == mark), None)

    def _invocation(self) -> dict[str, str]:
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
