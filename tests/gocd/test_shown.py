"""What is shown to a person is one line, of characters that can be seen, of a length that can be read."""

import sys
import time

import pytest

from gocd.shown import LONGEST, bounded, shown


def test_no_character_at_all_gets_through_that_is_not_seen() -> None:
    everything = [chr(code) for code in range(sys.maxunicode + 1)]
    lines = ["".join(everything[start : start + 500]) for start in range(0, len(everything), 500)]

    assert all(shown(line).isprintable() for line in lines)
    assert not set("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") & set("".join(map(shown, lines)))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\r\n\tb\x85c\u2028d\xa0e", "a   b c d e"),
        ("\x1b[31m \x9b \x7f \x00", r"\x1b[31m \x9b \x7f \x00"),
        ("\u202e \u200b \ufeff \udcff", r"\u202e \u200b \ufeff \udcff"),
        ("Z\u00fcrich \u670d \U0001f680 e\u0301",) * 2,
    ],
)
def test_ends_of_lines_are_blanks_and_the_rest_is_written_out(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_of_a_long_text_the_beginning_and_the_end_are_left() -> None:
    line = bounded("a" * 500 + "b" * 500, 100)

    assert len(line) == 100
    assert line.startswith("aaa")
    assert line.endswith("bbb")
    assert " ... 900 characters ... " in line
    assert bounded("x" * LONGEST) == "x" * LONGEST


def test_a_secret_is_no_more_readable_where_a_text_is_cut() -> None:
    for length in range(LONGEST - 60, LONGEST + 60):
        assert "hunter2" not in shown(f"{'x ' * (length // 2)}http://me:hunter2@host/ {'y' * LONGEST}")


@pytest.mark.parametrize("piece", ["://", "://a:", "a:", "password=", "=", "\x1b", "x.", "://@"])
def test_no_text_takes_long(piece: str) -> None:
    started = time.process_time()

    assert len(shown(piece * (1_000_000 // len(piece)))) == LONGEST
    assert time.process_time() - started < 5
