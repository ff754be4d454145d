"""What is told of a stack and of a template.

Source: CloudFormation API reference, Stack, Parameter (NoEcho: asterisks; ResolvedValue), GetTemplateSummary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gocd.rehearsal.standin_aws.services.cloud_formation.resources import IDENTIFIERS
from gocd.rehearsal.standin_aws.services.cloud_formation.rules import capabilities_of
from gocd.rehearsal.standin_aws.services.cloud_formation.stack import Stack

# How the type of a parameter begins that Systems Manager has the value of.
SSM = "AWS::SSM::Parameter::Value<"


def summary(template: Mapping[str, Any]) -> dict[str, Any]:
    """Summarize a template: NoEcho, what identifies resources, and capabilities with a reason."""
    needed, types = capabilities_of(template)
    by_type: dict[str, list[str]] = {}
    for name, each in template["Resources"].items():
        by_type.setdefault(each["Type"], []).append(name)
    transforms = template.get("Transform") or []
    told: dict[str, Any] = {
        "Parameters": [
            {
                "ParameterKey": name,
                "ParameterType": each["Type"],
                "NoEcho": _unseen(each),
                **({"DefaultValue": str(each["Default"])} if "Default" in each else {}),
            }
            for name, each in (template.get("Parameters") or {}).items()
        ],
        "Capabilities": needed,
        "ResourceTypes": sorted(by_type),
        "DeclaredTransforms": [transforms] if isinstance(transforms, str) else transforms,
        "ResourceIdentifierSummaries": [
            {"ResourceType": kind, "LogicalResourceIds": names, "ResourceIdentifiers": IDENTIFIERS[kind]}
            for kind, names in by_type.items()
            if kind in IDENTIFIERS
        ],
    }
    if types:
        told["CapabilitiesReason"] = f"The following resource(s) require capabilities: {types}"
    return told


def described(stack: Stack) -> dict[str, Any]:
    """Describe one stack."""
    asked, template = stack.asked, stack.values.template
    declared: Mapping[str, Any] = template.get("Parameters") or {}
    given = {each["ParameterKey"]: each["ParameterValue"] for each in asked.get("Parameters") or []}
    told: dict[str, Any] = {
        "StackId": stack.id,
        "StackName": stack.name,
        "Parameters": [_parameter(stack, name, each, given) for name, each in declared.items()],
        "CreationTime": stack.created,
        "DeletionTime": stack.deleted,
        "RollbackConfiguration": asked.get("RollbackConfiguration") or {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": asked.get("OnFailure") == "DO_NOTHING" or bool(asked.get("DisableRollback")),
        "NotificationARNs": asked.get("NotificationARNs") or [],
        "TimeoutInMinutes": asked.get("TimeoutInMinutes"),
        "Capabilities": asked.get("Capabilities") or [],
        "Outputs": stack.outputs,
        "RoleARN": asked.get("RoleARN"),
        "Tags": asked.get("Tags") or [],
        "EnableTerminationProtection": stack.protected,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _parameter(
    stack: Stack, name: str, declared: Mapping[str, Any], given: Mapping[str, str]
) -> dict[str, str]:
    """Tell of one: what is not to be echoed in asterisks, one of Systems Manager by its name."""
    if _unseen(declared):
        return {"ParameterKey": name, "ParameterValue": "****"}
    told = {"ParameterKey": name, "ParameterValue": str(given.get(name, declared.get("Default", "")))}
    if declared["Type"].startswith(SSM):
        told["ResolvedValue"] = str(stack.values.names[name])
    return told


def _unseen(declared: Mapping[str, Any]) -> bool:
    return str(declared.get("NoEcho", False)).lower() == "true"
