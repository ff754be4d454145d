"""What became of one text in two ways is put together, unless both are about the same lines."""

import pytest

from gocd.templates.merge import merge

BASE = ["a", "b", "c", "d", "e"]


def lines(text: str) -> list[str]:
    return list(text)


@pytest.mark.parametrize(
    ("one", "other", "together", "kept"),
    [
        ("abcde", "abXde", "abXde", 0),
        ("Xbcde", "abcde", "Xbcde", 1),
        ("Xbcde", "abcdY", "XbcdY", 1),
        ("abXYcde", "acde", "aXYcde", 1),
        ("XabcdeX", "acdYe", "XacdYeX", 2),
        ("abcd", "Abcde", "Abcd", 1),
        # Next to each other is not the same.
        ("abXde", "abcYe", "abXYe", 1),
        ("abXcde", "abYde", "abXYde", 1),
        ("abcXde", "abYde", "abYXde", 1),
        # What both have done is done once.
        ("abXde", "abXde", "abXde", 0),
        ("abXdZ", "abXdeY", "abXdZY", 1),
        # At one place, those of the other come first.
        ("abXcde", "abYcde", "abYXcde", 1),
        # Both about the same.
        ("abXde", "abYde", None, 0),
        ("abXYe", "abcZe", None, 0),
        ("abe", "abcXde", None, 0),
    ],
)
def test_two_changed_texts_are_put_together(one: str, other: str, together: str | None, kept: int) -> None:
    merged = merge(BASE, lines(one), lines(other))

    assert ("".join(merged.lines) if not merged.clashes else None, merged.kept) == (together, kept)


def test_a_clash_tells_where_it_is_in_the_one() -> None:
    merged = merge(BASE, lines("XXabZde"), lines("abYde"))

    assert [(each.at, each.lines) for each in merged.clashes] == [(4, ("Z",))]
