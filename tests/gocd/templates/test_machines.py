"""Machines have their stages, each with a name of its own that GoCD takes."""

import pytest

from gocd.reading.names import NAME
from gocd.templates.machines import counted, in_order, ordinal


def stages(*names: str) -> list[str]:
    return [stage for machine in in_order(names) for stage in machine.stages]


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (("Web-1",), ["Web-1-out", "Web-1-in"]),
        (("Web-1", "Web-2", "Web-3"), ["Web-1-out", "Web-1-in", "Web-2", "Web-3"]),
        (("10.0.1.17", "i-0a12"), ["10.0.1.17-out", "10.0.1.17-in", "i-0a12"]),
        (("web server (1)", "web:2"), ["web-server-1-out", "web-server-1-in", "web-2"]),
        # Names that only differ where no stage's name can, or in what GoCD does not heed.
        (("a b", "a-b", "A-B"), ["a-b-out", "a-b-in", "a-b", "A-B-2"]),
        (("x", "a b", "a-b"), ["x-out", "x-in", "a-b", "a-b-2"]),
        # Those of others.
        (("x", "x-in", "X-Out"), ["x-out", "x-in", "x-in-2", "X-Out-2"]),
        (("x", "verify", "Report"), ["x-out", "x-in", "verify-2", "Report-2"]),
        (("日本", "東京", ".hidden"), ["machine-out", "machine-in", "machine", "hidden"]),
        (("verify",), ["verify-out", "verify-in"]),
    ],
)
def test_stages_are_named_after_their_machines(names: tuple[str, ...], called: list[str]) -> None:
    assert stages(*names) == called


@pytest.mark.parametrize("name", ["x" * 256, "日" * 300, "." * 256, "-", "a" * 199 + " "])
def test_gocd_takes_every_name(name: str) -> None:
    assert [stage for stage in stages(name, f"{name}1", f"{name}2") if not NAME.fullmatch(stage)] == []


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "first"), (9, "ninth"), (10, "10th"), (11, "11th"), (21, "21st"), (22, "22nd"), (112, "112th")],
)
def test_parameters_are_called_by_the_machines_place(number: int, word: str) -> None:
    assert ordinal(number) == word


@pytest.mark.parametrize(
    ("number", "words"), [(1, "one stage"), (2, "two stages"), (10, "ten stages"), (1200, "1,200 stages")]
)
def test_few_are_counted_in_words(number: int, words: str) -> None:
    assert counted(number, "stage") == words
