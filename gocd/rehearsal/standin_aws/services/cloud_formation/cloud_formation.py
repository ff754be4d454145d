"""CloudFormation: stacks by name and id, and what is told of them.

Moto's own is left alone: it makes everything in the call itself, and loads thirty other services for it.
Sources: CloudFormation API reference, for each operation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.services.cloud_formation import protocol
from gocd.rehearsal.standin_aws.services.cloud_formation.described import SSM, described, summary
from gocd.rehearsal.standin_aws.services.cloud_formation.nested import NESTED, NestedStack
from gocd.rehearsal.standin_aws.services.cloud_formation.resources import Client, kinds
from gocd.rehearsal.standin_aws.services.cloud_formation.rules import (
    LONGEST_FILE,
    Refusal,
    check_request,
    check_template,
    parameter_values,
)
from gocd.rehearsal.standin_aws.services.cloud_formation.stack import Stack
from gocd.rehearsal.standin_aws.services.cloud_formation.template import Values, read_template
from gocd.rehearsal.standin_aws.settings import Settings

_URL = re.compile(r"https?://(?:([^/]+?)\.s3[^/]*|[^/]+)/(.+)")


class CloudFormation:
    """The stacks of one region, deleted ones among them; what is in them is made through *client*."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings, self._client = settings, client
        self._stacks: list[Stack] = []
        self._kinds = {**kinds(), NESTED: NestedStack()}

    def corrections(self) -> Iterator[Correction]:
        """None: moto is not asked."""
        return iter(())

    def advance(self) -> None:
        """Nothing: stacks have threads of their own."""

    def forget(self) -> None:
        for stack in self._stacks:
            stack.kill()
        self._stacks.clear()
        self._kinds = {**kinds(), NESTED: NestedStack()}

    def answer(self, call: Call, _: Mapping[str, Any], body: bytes) -> wire.Answer:
        """Answer one request to the service.

        Raises:
            NotImplementedError: It asks for an operation that there is not here.
        """
        operations = {
            "CreateStack": self._create,
            "DeleteStack": self._delete,
            "DescribeStacks": self._describe,
            "DescribeStackEvents": self._events,
            "GetStackPolicy": self._policy,
            "GetTemplate": self._template,
            "GetTemplateSummary": self._summary,
            "ListImports": self._imports,
            "ListStackResources": self._resources,
            "ListStacks": self._list,
            "SetStackPolicy": self._set_policy,
            "UpdateTerminationProtection": self._protect,
        }
        if call.operation not in operations:
            raise NotImplementedError
        try:
            result = operations[call.operation](protocol.read(call.operation, body))
        except Refusal as refusal:
            return wire.error(call, 400, refusal.code, refusal.words)
        except ValueError as problem:
            return wire.error(call, 400, "ValidationError", str(problem))
        return protocol.answer(call.operation, result)

    def claim(self, stack: Stack) -> None:
        """Let a stack export its outputs: a name once in a region."""
        for output in stack.outputs:
            for other, theirs in self._exports():
                if other is not stack and theirs["ExportName"] == output.get("ExportName"):
                    name = output["ExportName"]
                    raise RuntimeError(f"Export with name {name} is already exported by stack {other.name}")

    def users(self, stack: Stack) -> Mapping[str, Sequence[str]]:
        """Name the stacks that import each export of a stack."""
        names = [output["ExportName"] for output in stack.outputs if "ExportName" in output]
        using = {
            name: [each.name for each in self._stacks if name in each.imports and not each.deleted]
            for name in names
        }
        return {name: users for name, users in using.items() if users}

    def _create(self, asked: dict[str, Any]) -> dict[str, Any]:
        check_request(asked)
        if before := self._named(asked["StackName"]):
            if asked.get("ClientRequestToken") and before.asked.get("ClientRequestToken") == asked.get(
                "ClientRequestToken"
            ):
                return {"StackId": before.id}
            raise Refusal(f"Stack [{asked['StackName']}] already exists", "AlreadyExistsException")
        text = asked.get("TemplateBody") or self._fetched(asked["TemplateURL"])
        template = read_template(text)
        check_template(template, self._kinds, asked.get("Capabilities") or [])
        names: dict[str, Any] = {
            **parameter_values(template, asked.get("Parameters") or []),
            "AWS::AccountId": wire.ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": self._settings.region,
            "AWS::URLSuffix": "amazonaws.com",
        }
        for name, each in (template.get("Parameters") or {}).items():
            if each["Type"].startswith(SSM):
                names[name] = self._parameter(names[name])
            elif each["Type"].startswith("List<") or each["Type"] == "CommaDelimitedList":
                names[name] = [one.strip() for one in names[name].split(",")]
        imports: set[str] = set()
        values = Values(template, names, lambda name: self._imported(name, imports), self._parameter)
        stack = Stack(
            asked,
            text,
            values,
            self._kinds,
            self._client,
            self._settings.clock,
            self,
            self._settings.region,
            wire.ACCOUNT,
        )
        stack.imports = imports
        self._stacks.append(stack)
        stack.start()
        return {"StackId": stack.id}

    def _delete(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """DeleteStack: of none, nothing; of one that is protected, refused."""
        stack = self._named(asked["StackName"])
        if stack and stack.protected:
            text = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            raise Refusal(text)
        if stack and stack.status != "DELETE_IN_PROGRESS":
            stack.delete()
        return {}

    def _describe(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("StackName"):
            return {"Stacks": [self._told(self._found(asked["StackName"]))]}
        return {"Stacks": [self._told(each) for each in self._stacks if not each.deleted]}

    def _told(self, stack: Stack) -> dict[str, Any]:
        """Describe one; who is nested says in what, and in what in the end."""
        parent = root = self._parent(stack)
        while root and (above := self._parent(root)):
            root = above
        ids = {"ParentId": parent.id, "RootId": root.id} if parent and root else {}
        return {**described(stack), **ids}

    def _parent(self, stack: Stack) -> Stack | None:
        return next(
            (
                each
                for each in self._stacks
                for resource in each.resources.values()
                if resource.made and resource.made.id == stack.id
            ),
            None,
        )

    def _list(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """ListStacks: those deleted in the last 90 days too."""
        told = []
        for stack in reversed(self._stacks):
            dates = {"CreationTime": stack.created, "DeletionTime": stack.deleted}
            named = {"StackId": stack.id, "StackName": stack.name, "StackStatus": stack.status}
            told.append({**named, **{key: at for key, at in dates.items() if at}})
        wanted = asked.get("StackStatusFilter") or [each["StackStatus"] for each in told]
        return {"StackSummaries": [each for each in told if each["StackStatus"] in wanted]}

    def _events(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeStackEvents: the newest first."""
        return {"StackEvents": list(reversed(self._found(asked["StackName"]).events))}

    def _resources(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        told = [
            {
                "LogicalResourceId": each.logical_id,
                **({"PhysicalResourceId": each.made.id} if each.made else {}),
                "ResourceType": each.type,
                "LastUpdatedTimestamp": each.at,
                "ResourceStatus": each.status,
                **({"ResourceStatusReason": each.reason} if each.reason else {}),
            }
            for each in self._found(asked["StackName"]).resources.values()
            if each.status
        ]
        return {"StackResourceSummaries": told}

    def _template(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "TemplateBody": self._found(asked["StackName"]).text,
            "StagesAvailable": ["Original", "Processed"],
        }

    def _summary(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("StackName"):
            return summary(self._found(asked["StackName"]).values.template)
        return summary(read_template(asked.get("TemplateBody") or self._fetched(asked["TemplateURL"])))

    def _imports(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = asked["ExportName"]
        users = [each.name for each in self._stacks if name in each.imports and not each.deleted]
        if not users:
            raise Refusal(f"Export '{name}' is not imported by any stack.")
        return {"Imports": users}

    def _policy(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        policy = self._found(asked["StackName"]).asked.get("StackPolicyBody")
        return {"StackPolicyBody": policy} if policy else {}

    def _set_policy(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        stack = self._found(asked["StackName"])
        stack.asked = {**stack.asked, "StackPolicyBody": asked["StackPolicyBody"]}
        return {}

    def _protect(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        stack = self._found(asked["StackName"])
        stack.protected = bool(asked["EnableTerminationProtection"])
        return {"StackId": stack.id}

    def _found(self, name: str) -> Stack:
        """Give a stack: by id also one that is deleted."""
        stack = self._named(name) or next((each for each in self._stacks if each.id == name), None)
        if stack is None:
            raise Refusal(f"Stack with id {name} does not exist")
        return stack

    def _named(self, name: str) -> Stack | None:
        return next(
            (each for each in self._stacks if name in (each.name, each.id) and not each.deleted), None
        )

    def _exports(self) -> Iterable[tuple[Stack, Mapping[str, str]]]:
        for stack in self._stacks:
            for output in stack.outputs if not stack.deleted else ():
                if "ExportName" in output:
                    yield stack, output

    def _imported(self, name: str, imports: set[str]) -> str:
        for _, output in self._exports():
            if output["ExportName"] == name:
                imports.add(name)
                return output["OutputValue"]
        raise LookupError(f"No export named {name} found.")

    def _parameter(self, name: str) -> str:
        try:
            return str(self._client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
        except ClientError:
            raise Refusal(
                f"Unable to fetch parameters [{name}] from parameter store for this account."
            ) from None

    def _fetched(self, url: str) -> str:
        place = _URL.fullmatch(url)
        bucket, key = (place[1], place[2]) if place else ("", "")
        if place and not bucket:
            bucket, _, key = key.partition("/")
        try:
            text: bytes = self._client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as problem:
            raise Refusal(f"S3 error: {problem.response['Error'].get('Message', 'Access Denied')}") from None
        if len(text) > LONGEST_FILE:
            raise Refusal(f"Template may not exceed {LONGEST_FILE} bytes in size.")
        return text.decode()
