"""Marked places are filled in, marked lines come as often as they are asked for."""

import pytest

from gocd.templates.marks import ONCE, fill

TEXT = """\
name: <name>
#: machine
  - <name>: <number>
#: loud
    shout: true
#: end
#: end
last"""


def test_words_stand_in_their_places_and_nothing_else_is_touched() -> None:
    text = 'a: "#{p}" ${q} {version} < > <<'

    assert fill(f"{text} <name>\n", {"name": "<name> \\1"}, {}) == f"{text} <name> \\1\n"


@pytest.mark.parametrize(
    ("machines", "lines"),
    [
        ((), ["name: n", "last"]),
        (("a", "b"), ["name: n", "  - a: 1", "  - b: 1", "last"]),
    ],
)
def test_marked_lines_come_once_for_each_with_its_words_over_the_others(
    machines: tuple[str, ...], lines: list[str]
) -> None:
    words = {"name": "n", "number": "1"}

    assert fill(TEXT, words, {"machine": [{"name": each} for each in machines]}).splitlines() == lines


def test_marks_may_be_within_marks() -> None:
    filled = fill(TEXT, {"name": "n", "number": "1"}, {"machine": [{"name": "a"}], "loud": ONCE})

    assert filled.splitlines() == ["name: n", "  - a: 1", "    shout: true", "last"]
