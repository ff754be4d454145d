"""Strategies that spoil whole documents, as bad luck, age and malice do: their structure, or their bytes."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

# Digits of other scripts, numbers that are none, ways out, marks of YAML, of XML and of terminals.
TEXTS = (
    *(
        "",
        " ",
        "\n",
        "\t",
        "\0",
        "²",
        "٣",
        "\uff11\uff12",
        "nan",
        "Infinity",
        "-1",
        "+1",
        "1_0",
        "1e400",
        "0x10",
        "1.5",
    ),
    *(
        "9" * 20,
        "9" * 400,
        "9" * 5000,
        "-0",
        "true",
        "null",
        "~",
        "no",
        "..",
        "../../x",
        "/etc/passwd",
        "C:\\x",
    ),
    *(
        "\ud800",
        "\u202e",
        "\x1b[2J",
        "\u2028",
        "a\nerror: b",
        "x" * 5000,
        "<<",
        "*a",
        "&a",
        "!!binary",
        "!!set",
    ),
    *(
        "!!timestamp",
        "? x",
        "- - -",
        "---",
        "%YAML 9.9",
        "&#0;",
        "&x;",
        "<!DOCTYPE x [",
        "]]>",
        "<![CDATA[",
        "{{",
    ),
    *(
        "${",
        "#{",
        "#{x}",
        "{private_ip}",
        '"',
        "'",
        ",",
        ";",
        ":",
        ": ",
        "#",
        "{}",
        "[]",
        "2026-02-30",
        "0001-01-01",
    ),
    *("9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59", "\ufeff", "CON", "free", "held"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, -0.0, 10**20, 10**400, float("nan"), float("inf"), float("-inf")),
    *([], {}, [[]], [None], {"": None}, {"a": {"b": []}}, [1, "x", {}], ["x"] * 200),
    *TEXTS,
)
# What no dump of a value gives: depth, and bytes that are no text.
TOKENS = (
    *(
        b"[" * 1200,
        b'{"a":' * 1200,
        b"<a>" * 3000,
        b"- " * 1500,
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
    ),
    *(b"\x1f\x8b", b"PK\x05\x06", b"\r", b"\r\n", b"\0" * 600),
    *(text.encode("utf-8", "surrogatepass") for text in TEXTS),
)

# Bytes; what is longer takes long for no other reason than that.
LONGEST = 60_000


def spoilt_values(*documents: Any, most: int = 3) -> st.SearchStrategy[Any]:
    """Give one of *documents*, of what JSON knows, with up to *most* places dropped, changed or moved."""

    @st.composite
    def spoilt(draw: Draw) -> Any:
        document = copy.deepcopy(draw(st.sampled_from(documents)))
        for _ in range(draw(st.integers(0, most))):
            places = list(_places(document))
            if not places:
                return draw(st.sampled_from(VALUES))
            _change(draw, places)
        return document

    return spoilt()


def spoilt_bytes(*documents: bytes, most: int = 3) -> st.SearchStrategy[bytes]:
    """Give one of *documents*, cut, torn, stirred or stuffed in up to *most* places."""

    @st.composite
    def spoilt(draw: Draw) -> bytes:
        content: bytes = draw(st.sampled_from(documents))
        for _ in range(draw(st.integers(0, most))):
            content = _spoilt(draw, content)[:LONGEST]
        return content

    return spoilt()


def spoilt_json(*documents: Any) -> st.SearchStrategy[bytes]:
    """Give one of *documents* as JSON, spoilt as a value, or as the text that it is."""
    return st.one_of(spoilt_values(*documents).map(as_json), spoilt_bytes(*map(as_json, documents)))


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return each place in *value*, however deep, as what holds it and its key or index there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


def _change(draw: Draw, places: list[tuple[Any, Any]]) -> None:
    holder, key = draw(st.sampled_from(places))
    way = draw(st.sampled_from(("drop", "change", "change", "wrap", "copy", "rename")))
    if way == "drop":
        del holder[key]
    elif way == "change":
        holder[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
    elif way == "wrap":
        holder[key] = draw(st.sampled_from(([holder[key]], {"x": holder[key]}, [[[holder[key]]]])))
    elif way == "copy":
        other, name = draw(st.sampled_from(places))
        holder[key] = copy.deepcopy(other[name])
    elif isinstance(holder, dict):
        holder[draw(st.sampled_from(TEXTS))] = holder.pop(key)


def _spoilt(draw: Draw, content: bytes) -> bytes:
    at = draw(st.integers(0, len(content)))
    way = draw(st.sampled_from(("cut", "tear", "repeat", "flood", "insert", "word", "byte", "line", "swap")))
    if way == "cut":
        return content[:at]
    if way in ("insert", "word"):
        token = draw(st.sampled_from(TOKENS))
        word = re.compile(rb"[\w.+-]+").search(content, at) if way == "word" else None
        start, end = word.span() if word else (at, at)
        stuffed: bytes = content[:start] + token + content[end:]
        return stuffed
    if way == "byte":
        return content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
    if way in ("line", "swap"):
        lines = content.splitlines(keepends=True) or [b""]
        one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        if way == "line":
            lines.insert(other, lines[one])
        else:
            lines[one], lines[other] = lines[other], lines[one]
        return b"".join(lines)
    end = draw(st.integers(at, min(len(content), at + 300)))
    times = {"tear": 0, "repeat": 2, "flood": 300}[way]
    torn: bytes = content[:at] + content[at:end] * times + content[end:]
    return torn
