"""One stack, created and deleted in a thread of its own, with an event for every state of every resource.

Sources: CloudFormation user guide, Stack status codes, Choose how to handle failures when provisioning
resources, DeletionPolicy attribute; API reference, CreateStack (OnFailure), StackEvent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Protocol
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.services.cloud_formation.resources import Client, Kind, Made, made_up
from gocd.rehearsal.standin_aws.services.cloud_formation.template import Values, named_in

# Seconds of the stand-in's clock for one resource, beside what it takes itself.
TAKES = 1.0
# Real seconds between two looks.
PAUSE = 0.02

CANCELLED = "Resource creation cancelled"


class _Ended(Exception):
    """The stand-in is coming to its end, and nothing more is done."""


class Exports(Protocol):
    """What stacks export to others in the region."""

    def claim(self, stack: Stack) -> None:
        """Export a stack's outputs.

        Raises:
            RuntimeError: One's name is taken.
        """

    def users(self, stack: Stack) -> Mapping[str, Sequence[str]]:
        """Name the stacks that import each of a stack's exports, of those that some do."""


@dataclass
class Resource:
    """One resource of a stack."""

    logical_id: str
    type: str
    definition: Mapping[str, Any]
    made: Made | None = None
    status: str = ""
    reason: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


class Stack:
    """A stack from CreateStack's parameters *asked*, its template read; *parent* is its id if it is nested.

    Attributes:
        events: Oldest first.
    """

    def __init__(
        self,
        asked: Mapping[str, Any],
        text: str,
        values: Values,
        kinds: Mapping[str, Kind],
        client: Client,
        clock: Clock,
        exports: Exports,
        region: str,
        account: str,
    ) -> None:
        self.name, self.asked, self.text, self.values = str(asked["StackName"]), asked, text, values
        self.id = f"arn:aws:cloudformation:{region}:{account}:stack/{self.name}/{uuid4()}"
        values.names |= {"AWS::StackName": self.name, "AWS::StackId": self.id}
        self.status, self.reason = "CREATE_IN_PROGRESS", "User Initiated"
        self.created = datetime.now(timezone.utc)
        self.deleted: datetime | None = None
        self.protected = bool(asked.get("EnableTerminationProtection"))
        self.outputs: list[dict[str, str]] = []
        self.imports: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.resources = {
            name: Resource(name, definition["Type"], definition)
            for name, definition in values.template["Resources"].items()
            if "Condition" not in definition or values.holds(definition["Condition"])
        }
        self._kinds, self._client, self._now, self._exports = kinds, client, clock, exports
        self._dead = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._create,), daemon=True)
        self._tell(self.status, self.reason)

    @property
    def tags(self) -> dict[str, str]:
        return {each["Key"]: each["Value"] for each in self.asked.get("Tags") or []}

    def start(self) -> None:
        self._thread.start()

    def delete(self) -> None:
        """Begin the deletion, once what is under way has ended."""
        before = self._thread
        self._tell("DELETE_IN_PROGRESS", "User Initiated")

        def run() -> None:
            before.join()
            self._run(self._delete)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        self._dead.set()
        self._thread.join(5)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except _Ended:
            return

    def _create(self) -> None:
        for resource in self._in_order():
            if problem := self._make(resource):
                self._fail(resource, problem)
                return
        try:
            self._export()
        except (RuntimeError, LookupError) as problem:
            self._give_up(str(problem))
            return
        self._tell("CREATE_COMPLETE")

    def _make(self, resource: Resource) -> str:
        """Create one; gives why that failed."""
        kind, name = self._kinds[resource.type], made_up(self.name, resource.logical_id)
        self._tell_of(resource, "CREATE_IN_PROGRESS")
        self._rest(TAKES)
        try:
            given = self.values.of(dict(resource.definition.get("Properties") or {}))
            resource.made = kind.make(self._client, name, given, self.tags)
            self._tell_of(resource, "CREATE_IN_PROGRESS", "Resource creation Initiated")
            while kind.missing(self._client, resource.made):
                self._rest(TAKES)
        except ClientError as problem:
            told = problem.response["Error"]
            service = problem.response["ResponseMetadata"]
            return (
                f'Resource handler returned message: "{told["Message"]} (Status Code: '
                f'{service["HTTPStatusCode"]})" (HandlerErrorCode: {told["Code"]})'
            )
        except (BotoCoreError, RuntimeError, LookupError) as problem:
            return str(problem)
        self.values.names[resource.logical_id] = resource.made.id
        self.values.attributes[resource.logical_id] = dict(resource.made.attributes)
        self._tell_of(resource, "CREATE_COMPLETE")
        return ""

    def _fail(self, resource: Resource, problem: str) -> None:
        self._tell_of(resource, "CREATE_FAILED", problem)
        for other in self.resources.values():
            if not other.status and not self._needs(other) - self.values.names.keys():
                self._tell_of(other, "CREATE_IN_PROGRESS")
                self._tell_of(other, "CREATE_FAILED", CANCELLED)
        failed = [each.logical_id for each in self.resources.values() if each.status == "CREATE_FAILED"]
        self._give_up(f"The following resource(s) failed to create: [{', '.join(failed)}]. ")

    def _give_up(self, reason: str) -> None:
        how = self.asked.get("OnFailure") or (
            "DO_NOTHING" if self.asked.get("DisableRollback") else "ROLLBACK"
        )
        if how == "DO_NOTHING":
            self._tell("CREATE_FAILED", reason)
        elif how == "DELETE":
            self._tell("DELETE_IN_PROGRESS", f"{reason}Delete requested by user.")
            self._delete()
        else:
            self._tell("ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
            self._end("ROLLBACK", retains=not self.asked.get("RetainExceptOnCreate"))

    def _delete(self) -> None:
        for name, users in self._exports.users(self).items():
            self._tell(
                "DELETE_FAILED", f"Export {name} cannot be deleted as it is in use by {', '.join(users)}"
            )
            return
        self._end("DELETE", retains=True)

    def _end(self, verb: str, *, retains: bool) -> None:
        failed = []
        for resource in reversed(list(self._in_order())):
            if resource.status in {"", "DELETE_COMPLETE", "DELETE_SKIPPED"}:
                continue
            policy = resource.definition.get("DeletionPolicy", "Delete")
            if policy == "Retain" and retains and resource.made:
                self._tell_of(resource, "DELETE_SKIPPED")
            elif problem := self._unmake(resource):
                self._tell_of(resource, "DELETE_FAILED", problem)
                failed.append(resource.logical_id)
        if failed:
            self._tell(
                f"{verb}_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            )
            return
        if verb == "DELETE":
            self.deleted = datetime.now(timezone.utc)
        self._tell(f"{verb}_COMPLETE")

    def _unmake(self, resource: Resource) -> str:
        self._tell_of(resource, "DELETE_IN_PROGRESS")
        try:
            while resource.made and not self._kinds[resource.type].delete(self._client, resource.made):
                self._rest(TAKES)
        except (ClientError, BotoCoreError) as problem:
            return str(problem)
        self._tell_of(resource, "DELETE_COMPLETE")
        return ""

    def _export(self) -> None:
        for name, output in (self.values.template.get("Outputs") or {}).items():
            if "Condition" in output and not self.values.holds(output["Condition"]):
                continue
            told = {"OutputKey": name, "OutputValue": str(self.values.of(output["Value"]))}
            if "Export" in output:
                told["ExportName"] = str(self.values.of(output["Export"]["Name"]))
            self.outputs.append(told)
        self._exports.claim(self)

    def _in_order(self) -> Iterator[Resource]:
        """Give the resources so that each comes after those that it speaks of."""
        left, done = dict(self.resources), set[str]()
        while left:
            ready = next(each for each in left.values() if not (self._needs(each) & left.keys()) - done)
            done.add(ready.logical_id)
            yield left.pop(ready.logical_id)

    def _needs(self, resource: Resource) -> set[str]:
        depends = resource.definition.get("DependsOn") or []
        named = {*named_in(resource.definition.get("Properties") or {})}
        return (named | {*([depends] if isinstance(depends, str) else depends)}) & self.resources.keys()

    def _rest(self, seconds: float) -> None:
        until = self._now() + seconds
        while self._now() < until:
            if self._dead.wait(PAUSE):
                raise _Ended

    def _tell(self, status: str, reason: str = "") -> None:
        self.status, self.reason = status, reason
        self._note(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)

    def _tell_of(self, resource: Resource, status: str, reason: str = "") -> None:
        resource.status, resource.reason, resource.at = status, reason, datetime.now(timezone.utc)
        made = resource.made.id if resource.made else ""
        self._note(resource.logical_id, made, resource.type, status, reason)

    def _note(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str) -> None:
        event = {
            "StackId": self.id,
            "EventId": str(uuid4()),
            "StackName": self.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Timestamp": datetime.now(timezone.utc),
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "ClientRequestToken": self.asked.get("ClientRequestToken"),
        }
        self.events.append({name: value for name, value in event.items() if value not in ("", None)})
