import importlib.metadata
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from gocd.rehearsal.standin_aws.control.corrections import Correction, Corrections
from gocd.rehearsal.standin_aws.world import World


class Original:
    def answer(self) -> str:
        return "untrue"


def test_a_correction_is_in_force_until_it_is_undone() -> None:
    corrections = Corrections(
        [
            Correction(Original, "answer", lambda this: f"true, of {type(this).__name__}"),
            Correction(Original, "further", lambda this, word: word, added=True),
        ]
    )
    assert Original().answer() == "true, of Original"
    assert Original().further("more") == "more"  # type: ignore[attr-defined]

    corrections.undo()
    assert Original().answer() == "untrue"
    assert not hasattr(Original, "further")


def test_each_correction_replaces_or_adds_what_it_says(standin: World) -> None:
    source: Callable[[Any], str] = cache(inspect.getsource)
    untrue = [
        f"{each.owner.__name__}.{each.name}"
        for each in standin.parts.corrections
        if (f"    def {each.name}(" in source(each.owner)) is each.added
    ]

    assert untrue == []


def test_moto_is_the_version_that_is_corrected() -> None:
    assert importlib.metadata.version("moto") == "5.2.5"
