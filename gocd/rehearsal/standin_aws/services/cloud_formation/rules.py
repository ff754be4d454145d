"""What CloudFormation refuses of a CreateStack before there is a stack.

Sources: CloudFormation API reference, CreateStack (TemplateBody, TemplateURL, Capabilities, Parameter, Tag);
user guide, Acknowledging IAM resources in CloudFormation templates.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

# Bytes of UTF-8.
LONGEST_BODY, LONGEST_FILE = 51_200, 1_048_576

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
# Properties of IAM's types that name them.
_NAMES = {"RoleName", "InstanceProfileName", "UserName", "GroupName", "ManagedPolicyName"}


class Refusal(Exception):
    """What AWS answers instead: its code, and words."""

    def __init__(self, words: str, code: str = "ValidationError") -> None:
        super().__init__(words)
        self.code, self.words = code, words


def check_request(asked: Mapping[str, Any]) -> None:
    """See that the call itself is one."""
    if not _NAME.fullmatch(asked["StackName"]):
        pattern = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        name = f"Value '{asked['StackName']}' at 'stackName'"
        raise Refusal(f"1 validation error detected: {name} failed to satisfy constraint: {pattern}")
    if len(asked.get("TemplateBody", "").encode()) > LONGEST_BODY:
        text = "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to"
        raise Refusal(f"1 validation error detected: Value {text} {LONGEST_BODY}")
    if bool(asked.get("TemplateBody")) == bool(asked.get("TemplateURL")):
        raise Refusal("Either Template URL or Template Body must be specified.")
    if asked.get("OnFailure") and asked.get("DisableRollback") is not None:
        raise Refusal("Only one of OnFailure and DisableRollback can be specified")
    tags = asked.get("Tags") or []
    if any(each["Key"].startswith("aws:") for each in tags) or len(tags) > 50:
        raise Refusal("Tags with the prefix aws: are reserved, and there may be 50 of the others")


def capabilities_of(template: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Give what a template's resources have to be acknowledged with, and for which of them."""
    if "Transform" in template:
        return ["CAPABILITY_AUTO_EXPAND"], []
    iam = [each for each in template["Resources"].values() if each["Type"].startswith("AWS::IAM::")]
    if not iam:
        return [], []
    named = any(_NAMES & {*(each.get("Properties") or {})} for each in iam)
    return (["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"], sorted({each["Type"] for each in iam}))


def check_template(template: Mapping[str, Any], known: Collection[str], given: Sequence[str]) -> None:
    """See that what is in a template is known here, and acknowledged."""
    types = {each.get("Type", "") for each in template["Resources"].values()}
    if unknown := sorted(types - {*known}):
        raise Refusal(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    needed, _ = capabilities_of(template)
    # Whoever acknowledges names acknowledges the rest (CreateStack, Capabilities).
    granted = {*given, *(["CAPABILITY_IAM"] if "CAPABILITY_NAMED_IAM" in given else [])}
    if missing := [each for each in needed if each not in granted]:
        text = f"Requires capabilities : [{', '.join(missing)}]"
        raise Refusal(text, "InsufficientCapabilitiesException")


def parameter_values(template: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Give the value of each parameter, by name."""
    declared: Mapping[str, Any] = template.get("Parameters") or {}
    if previous := [each["ParameterKey"] for each in given if each.get("UsePreviousValue")]:
        text = "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
        raise Refusal(f"Invalid input for parameter key {previous[0]}. {text}")
    values = {name: str(each["Default"]) for name, each in declared.items() if "Default" in each}
    values |= {each["ParameterKey"]: each["ParameterValue"] for each in given}
    if unknown := sorted(values.keys() - declared.keys()):
        raise Refusal(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if missing := sorted(declared.keys() - values.keys()):
        raise Refusal(f"Parameters: [{', '.join(missing)}] must have values")
    for name, each in declared.items():
        allowed = [str(one) for one in each.get("AllowedValues", [values[name]])]
        if values[name] not in allowed:
            raise Refusal(f"Parameter '{name}' must be one of AllowedValues")
    return values
