"""What SSM parameters say, and since when.

Source: Systems Manager API reference (GetParameters).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.aws.api import Aws


@dataclass(frozen=True)
class ParameterValue:
    """*modified* is AWS's own time of the last change."""

    value: str
    modified: datetime


def parameter_values(aws: Aws, names: Sequence[str]) -> dict[str, ParameterValue]:
    """Return those of the parameters that exist, by name; at most ten can be asked for at once."""
    answer = aws.call("ssm", "get_parameters", names[0], Names=list(names))
    return {
        each["Name"]: ParameterValue(each["Value"], each["LastModifiedDate"]) for each in answer["Parameters"]
    }
