"""The ``environment_variables`` and ``secure_variables`` of a pipeline, stage, job or environment."""

from __future__ import annotations

from gocd.pipeline import Variables
from gocd.reading.names import check_unique
from gocd.reading.section import Section

VARIABLE_KEYS = ("environment_variables", "secure_variables")


def read_variables(section: Section) -> Variables:
    """Read both maps of *section*; a name is in one of them, once, whatever its case.

    A plain value that asks a secrets plugin, ``{{SECRET:[...][...]}}``, makes its variable secure.
    Source: GoCD's EnvironmentVariableConfig.java and EnvironmentVariablesConfig.java
    """
    plain: dict[str, str] = {}
    secure: dict[str, str] = {}
    names = []
    for key, found in zip(VARIABLE_KEYS, (plain, secure), strict=True):
        for name, node in section.children(key):
            if not name.value.strip():
                section.source.fail(name.line, "a variable without a name")
            value = section.source.resolved(section.source.text(node, f"variable '{name.value}'"))
            (secure if "{{SECRET:[" in value else found)[name.value] = value
            names.append((name.value, name.line))
    check_unique(section.source, names, "variable")
    return Variables(plain, secure)
