"""Stacks as resources of stacks.

Source: CloudFormation template reference, AWS::CloudFormation::Stack; user guide, Split a template into
reusable pieces using nested stacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gocd.rehearsal.standin_aws.services.cloud_formation.resources import Client, Made

NESTED = "AWS::CloudFormation::Stack"


class NestedStack:
    """A stack that begins and ends with the one that it is in; it may do what that may."""

    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        made = client("cloudformation").create_stack(
            StackName=name,
            TemplateURL=given["TemplateURL"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": str(value)}
                for key, value in given.get("Parameters", {}).items()
            ],
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            OnFailure="DO_NOTHING",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        return Made(made["StackId"])

    def missing(self, client: Client, made: Made) -> str | None:
        [told] = client("cloudformation").describe_stacks(StackName=made.id)["Stacks"]
        if told["StackStatus"] == "CREATE_FAILED":
            raise RuntimeError(
                f"Embedded stack {made.id} was not successfully created: {told['StackStatusReason']}"
            )
        return None if told["StackStatus"] == "CREATE_COMPLETE" else str(told["StackStatus"])

    def delete(self, client: Client, made: Made) -> bool:
        stacks = client("cloudformation")
        [told] = stacks.describe_stacks(StackName=made.id)["Stacks"]
        if not told["StackStatus"].startswith("DELETE"):
            stacks.delete_stack(StackName=made.id)
        return bool(told["StackStatus"] == "DELETE_COMPLETE")
