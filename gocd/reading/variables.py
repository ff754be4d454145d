"""The ``environment_variables`` and ``secure_variables`` of a pipeline, stage, job or environment."""

from __future__ import annotations

import re

from gocd.pipeline import Place, Variables
from gocd.reading.located_yaml import Node, Text
from gocd.reading.names import check_unique
from gocd.reading.section import Located, Section, Source

VARIABLE_KEYS = ("environment_variables", "secure_variables")

SECRET = re.compile(r"\{\{SECRET:\[.*?\]\[.*?\]\}\}")
# What the cipher itself says cannot be known without the server's key.
_ENCRYPTED = re.compile(r"AES:[^:]*[^:\s][^:]*:[^:]*[^:\s][^:]*:*")


def read_variables(section: Section) -> Variables:
    """Read both maps of *section*; a name is in one of them, once, whatever its case.

    A plain value that asks a secrets plugin, ``{{SECRET:[...][...]}}``, makes its variable secure.
    Source: GoCD's EnvironmentVariableConfig.java, EnvironmentVariablesConfig.java and SecretParams.java
    """
    source = section.source
    plain: dict[str, str] = {}
    secure: dict[str, str] = {}
    names: list[tuple[str, Located]] = []
    places: dict[str, Place] = {}
    for name, node in section.children(VARIABLE_KEYS[0]):
        spelt = _name(source, name)
        value = source.resolved(source.text(node, f"variable '{spelt}'"))
        (secure if SECRET.search(value) else plain)[spelt] = value
        names.append((spelt, name))
        places[spelt] = source.place(source.text(node, spelt))
    for name, node in section.children(VARIABLE_KEYS[1]):
        spelt = _name(source, name)
        secure[spelt] = encrypted(source, node, f"secure variable '{spelt}'")
        names.append((spelt, name))
        places[spelt] = Place(name.line, name.column)
    check_unique(source, names, "variable")
    return Variables(plain, secure, places, {spelt: Place(at.line, at.column) for spelt, at in names})


def encrypted(source: Source, node: Node, what: str) -> str:
    """A value that the server has encrypted, or an empty one, which is given at the trigger.

    Source: GoCD's GoCipher.java, AESEncrypter.java and ConfigConverter.java
    """
    value = source.text(node, what).value
    if value and not _ENCRYPTED.fullmatch(value):
        hint = "encrypt it by POST /go/api/admin/encrypt, and write what that answers: AES:...:..."
        if SECRET.search(value):
            hint = "a secret of a plugin is given under environment_variables, and is masked there too"
        source.fail(node, f"{what} is not what GoCD encrypted", hint)
    return value


def _name(source: Source, name: Text) -> str:
    spelt = source.resolved(name)
    if not spelt.strip():
        source.fail(name, "a variable without a name")
    if spelt != spelt.strip():
        source.fail(name, f"the name of variable '{spelt}' begins or ends with a blank")
    return spelt
