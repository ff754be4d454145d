"""CloudFormation stacks: what they were made from, what is in them, and how they come and go."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tasks.aws.answer import plain
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.running.errors import Refused

# API reference, CreateStack: StackName.
NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")

NESTED = "AWS::CloudFormation::Stack"

# StackStatus of a stack that is whole (API reference, Stack).
WHOLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
GONE, GOING = "DELETE_COMPLETE", "DELETE_IN_PROGRESS"

# What CloudFormation says of a resource that it stopped making because another one failed.
CANCELLED = "cancelled"

# Bytes of UTF-8 in a body, and in a file of S3 (API reference, CreateStack).
LONGEST_BODY, LONGEST_FILE = 51_200, 1_048_576


@dataclass(frozen=True)
class Resource:
    """One resource; *id* is empty while there is none."""

    logical_id: str
    type: str
    id: str
    status: str = ""


@dataclass(frozen=True)
class Failure:
    """The first resource that failed, and AWS's reason."""

    resource: str
    reason: str

    def __str__(self) -> str:
        return f"{self.resource} failed: {self.reason}" if self.resource else self.reason


class Stack:
    """One stack as it was when it was last looked at."""

    def __init__(self, aws: Aws, entry: Mapping[str, Any]) -> None:
        """Wrap one entry of DescribeStacks."""
        self._aws = aws
        self._take(entry)

    def _take(self, entry: Mapping[str, Any]) -> None:
        self._entry = entry
        self.id, self.name = str(entry["StackId"]), str(entry["StackName"])
        self.status, self.reason = str(entry["StackStatus"]), str(entry.get("StackStatusReason", ""))
        self.tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
        self.parent = str(entry.get("ParentId", ""))
        self.protected = bool(entry.get("EnableTerminationProtection", False))

    @property
    def parameters(self) -> dict[str, str]:
        """The values that it was given, as far as CloudFormation tells them."""
        return {
            each["ParameterKey"]: each.get("ParameterValue", "") for each in self._entry.get("Parameters", [])
        }

    @property
    def resolved(self) -> dict[str, str]:
        """What those came to that name a parameter of Systems Manager."""
        told = self._entry.get("Parameters", [])
        return {each["ParameterKey"]: each["ResolvedValue"] for each in told if "ResolvedValue" in each}

    @property
    def capabilities(self) -> list[str]:
        return list(self._entry.get("Capabilities", []))

    @property
    def carried(self) -> dict[str, Any]:
        """What else a clone is created with as this one was."""
        names = ("RoleARN", "NotificationARNs", "RollbackConfiguration", "TimeoutInMinutes")
        return {name: plain(value) for name in names if (value := self._entry.get(name))}

    @property
    def exports(self) -> list[str]:
        return [each["ExportName"] for each in self._entry.get("Outputs", []) if "ExportName" in each]

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        return self._aws.call("cloudformation", "get_template_summary", self.name, StackName=self.id)

    @property
    def policy(self) -> str:
        told = self._aws.call("cloudformation", "get_stack_policy", self.name, StackName=self.id)
        return str(told.get("StackPolicyBody", ""))

    @property
    def transforms(self) -> list[str]:
        """The macros that its template is worked over by."""
        return list(self.summary.get("DeclaredTransforms", []))

    @property
    def identifiers(self) -> dict[str, list[str]]:
        """The properties that identify a resource, by its type, as far as CloudFormation tells them."""
        told = self.summary.get("ResourceIdentifierSummaries", [])
        return {each["ResourceType"]: each.get("ResourceIdentifiers", []) for each in told}

    def template(self, *, processed: bool = False) -> str:
        """The template as it was handed in, so that its macros run again; or as they have left it."""
        stage = "Processed" if processed else "Original"
        told = self._aws.call(
            "cloudformation", "get_template", self.name, StackName=self.id, TemplateStage=stage
        )
        return str(told["TemplateBody"])

    def child(self, resource: Resource) -> "Stack | None":
        """Return the stack that a resource of it is."""
        return find_stack(self._aws, resource.id)

    def resources(self) -> list[Resource]:
        return [
            Resource(
                each["LogicalResourceId"],
                each["ResourceType"],
                each.get("PhysicalResourceId", ""),
                each["ResourceStatus"],
            )
            for each in self._aws.pages(
                "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self.id
            )
        ]

    def all_resources(self) -> list[Resource]:
        """The same with those of nested stacks in their place, and without those that are gone."""
        there = [each for each in self.resources() if each.status != GONE]
        return [each for one in there for each in _unfolded(self._aws, one)]

    def look(self) -> None:
        """See how it is now; by its id it is found deleted too."""
        [entry] = self._aws.call("cloudformation", "describe_stacks", self.name, StackName=self.id)["Stacks"]
        self._take(entry)

    def first_failure(self, verb: str) -> Failure:
        """Return what failed first of a CREATE or DELETE, within nested stacks too."""
        return first_failure(self._aws, self.id, verb) or Failure("", self.reason or self.status)

    def protect(self) -> None:
        self._aws.call(
            "cloudformation",
            "update_termination_protection",
            self.name,
            StackName=self.name,
            EnableTerminationProtection=True,
        )

    def delete(self) -> None:
        self._aws.call("cloudformation", "delete_stack", self.name, StackName=self.id)

    def importers(self, export: str) -> list[str]:
        """Name the stacks that import one of its exports."""
        try:
            return self._aws.pages("cloudformation", "list_imports", "Imports", ExportName=export)
        except AwsError as error:
            # What no stack imports is an error of this code.
            if error.code == "ValidationError":
                return []
            raise


def find_stack(aws: Aws, name: str) -> Stack | None:
    """Return the stack that is called *name*, or None."""
    try:
        told = aws.call("cloudformation", "describe_stacks", name, StackName=name)["Stacks"]
    except AwsError as error:
        # Of a name that there is not, and of one that cannot be.
        if error.code == "ValidationError":
            return None
        raise
    return Stack(aws, told[0]) if told else None


def was_deleted(aws: Aws, name: str) -> bool:
    """Whether a stack of this name was deleted within the time that CloudFormation remembers it, 90 days."""
    told = aws.pages("cloudformation", "list_stacks", "StackSummaries", StackStatusFilter=[GONE])
    return any(each["StackName"] == name for each in told)


def create_stack(aws: Aws, name: str, request: Mapping[str, Any]) -> str:
    """Order a stack and return its id.

    Raises:
        Refused: There is one of that name.
    """
    try:
        return str(aws.call("cloudformation", "create_stack", name, StackName=name, **request)["StackId"])
    except AwsError as error:
        if error.code == "AlreadyExistsException":
            raise Refused(f"a stack {name} was made by somebody else just now") from None
        raise


def first_failure(aws: Aws, stack_id: str, verb: str) -> Failure | None:
    """Return the oldest failure among a stack's events that is not a mere cancellation."""
    events = aws.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id)
    for event in reversed(events):
        reason = event.get("ResourceStatusReason", "")
        if event["ResourceStatus"] != f"{verb}_FAILED" or CANCELLED in reason:
            continue
        inner = event.get("PhysicalResourceId", "")
        if event["ResourceType"] == NESTED and inner in ("", stack_id):
            continue
        if event["ResourceType"] == NESTED and (found := first_failure(aws, inner, verb)):
            return Failure(f"{event['LogicalResourceId']}.{found.resource}", found.reason)
        return Failure(f"{event['LogicalResourceId']} ({event['ResourceType']})", reason)
    return None


def _unfolded(aws: Aws, resource: Resource) -> Iterator[Resource]:
    nested = find_stack(aws, resource.id) if resource.type == NESTED and resource.id else None
    if nested is None:
        yield resource
    else:
        yield from nested.all_resources()
