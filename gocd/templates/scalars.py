"""Values as they stand in YAML: plain where that is the same, or else in double quotes."""

import json
import re

import yaml

# Of what YAML gives a meaning, only what a reader expects in a name, a path or an option.
_PLAIN = re.compile(r"(?=.*[A-Za-z0-9/])-{0,2}[A-Za-z0-9_/.]([A-Za-z0-9_./ -]*[A-Za-z0-9_./-])?|--")

_TEXT = "tag:yaml.org,2002:str"


def scalar(value: str) -> str:
    """Return *value*, which is printable, as YAML reads it back: in a block as in a list on one line."""
    if _PLAIN.fullmatch(value) and _is_text(value):
        return value
    # A string of JSON is one of YAML.
    return json.dumps(value, ensure_ascii=False)


def literal(value: str) -> str:
    """Return *value* as YAML where GoCD puts parameters in, and would read a ``#`` as the beginning of one.

    Source: GoCD's ParamStateMachine.java
    """
    return scalar(value.replace("#", "##"))


def _is_text(plain: str) -> bool:
    """Whether YAML takes it for text, and not for a number, a date or nothing."""
    node = yaml.compose(plain, yaml.SafeLoader)
    return node is not None and (node.tag, node.value) == (_TEXT, plain)
