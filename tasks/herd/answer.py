"""What an answer of HERD's ``buildInfo`` tells: XML by default, JSON where that is asked for.

Sources: herd (HerdRestController.java, herd.xsd); ``buildOs`` is in older versions only.
"""

from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from gocd.json_text import read_json
from tasks.running.quoting import one_line

# What an answer may be wrapped in: nothing, one root, and one more.
DEPTH = 3


@dataclass(frozen=True)
class Answer:
    """What one question brought.

    Args:
        version: Empty if the answer tells none.
        built: When it was built, as it says itself.
        trouble: Why there is no version, in words that follow the name of who was asked.
        hopeless: Whether asking again cannot help, because it is the question that is wrong.
    """

    version: str = ""
    built: str = ""
    trouble: str = ""
    hopeless: bool = False


class _UnwantedXmlError(ValueError):
    pass


def read_answer(body: bytes) -> Answer:
    """Read an answer in XML or JSON, bare or inside roots of any name."""
    text = body.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    try:
        fields = _xml_fields(text) if text.startswith("<") else _json_fields(read_json(text), DEPTH)
    except _UnwantedXmlError:
        return Answer(trouble="answers XML with a DOCTYPE, which is not read")
    except (ValueError, expat.ExpatError):
        return Answer(trouble="answers something that is neither XML nor JSON")
    version = one_line(fields.get("buildNumber", ""))
    if not version.strip():
        return Answer(trouble="answers without a buildNumber")
    return Answer(version, one_line(fields.get("buildDate", "")))


def _xml_fields(text: str) -> dict[str, str]:
    """Return the text of each element near the root, by its name without a prefix."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    open_elements: list[str] = []
    fields: dict[str, str] = {}

    def refuse(*_: Any) -> None:
        # Entities, with which an answer of a few bytes can fill the memory, are declared there only.
        raise _UnwantedXmlError

    def start(name: str, _: Any) -> None:
        open_elements.append(name.rpartition(" ")[2])

    def end(_: str) -> None:
        open_elements.pop()

    def data(piece: str) -> None:
        if len(open_elements) <= DEPTH:
            fields[open_elements[-1]] = fields.get(open_elements[-1], "") + piece

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.Parse(text.encode(), True)
    return {name: value.strip() for name, value in fields.items()}


def _json_fields(told: Any, depth: int) -> dict[str, str]:
    if not isinstance(told, dict):
        return {}
    if "buildNumber" in told or depth == 1 or len(told) != 1:
        return {name: value for name, value in told.items() if isinstance(value, str)}
    return _json_fields(next(iter(told.values())), depth - 1)
