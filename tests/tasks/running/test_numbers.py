"""Every number that an option takes is finite and within its limits, or refused in the words of its unit."""

import signal
from collections.abc import Iterator

import pytest
import typer

from tasks.cli import command_line, run
from tasks.running.numbers import MILLISECONDS, PERCENT, NotTaken, Number, count, rate, seconds

App = typer.main.get_command(command_line())


def of_numbers() -> Iterator[tuple[str, ...]]:
    """Each command's words with each of its options that takes a number.

    Raises:
        AssertionError: One takes whatever Typer takes for a number, which nan and inf are.
    """
    for name, command in App.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        for words, each in (
            [((name, part), sub) for part, sub in inner.items()] if inner else [((name,), command)]
        ):
            for param in each.params:
                if type(param.type).__name__ in ("IntParamType", "IntRange", "FloatParamType", "FloatRange"):
                    raise AssertionError(f"{' '.join(words)}: {param.opts[0]} is not read by Number")
                if getattr(getattr(param.type, "func", None), "__func__", None) is Number.read:
                    yield (*words, param.opts[0])


NUMBERS = list(of_numbers())


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """A command's handlers of signals are not left to the tests after it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_commands_take_numbers() -> None:
    assert len(NUMBERS) > 30


@pytest.mark.parametrize("words", NUMBERS, ids=" ".join)
@pytest.mark.parametrize(
    "number", ["nan", "inf", "-inf", "-1", "1e999", "60s", "x", "", "1_000", "²", "1e20"]
)
def test_what_is_no_number_in_its_limits_is_refused_in_one_line(
    words: tuple[str, ...], number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run([*words, number])
    said = capsys.readouterr().err

    assert code == 2
    assert said.count("\n") == 1
    assert said.startswith(f"error: {words[-1]} takes ")
    assert f"not {number!r}; nothing was changed. See: gocd-tasks {words[0]}" in said


@pytest.mark.parametrize(
    ("number", "given", "said"),
    [
        (seconds(), "abc", "takes seconds, 0 or more, not 'abc'"),
        (seconds(30), "29.9", "takes seconds, 30 or more, not '29.9'"),
        (seconds(1, 604800), "604801", "takes seconds, 1 to 604800, not '604801'"),
        (MILLISECONDS, "5 ms", "takes milliseconds, 0 or more, not '5 ms'"),
        (PERCENT, "100.1", "takes percent, 0 to 100, not '100.1'"),
        (count(1), "0", "takes a whole number, 1 or more, not '0'"),
        (count(), "1.5", "takes a whole number, 0 or more, not '1.5'"),
        (seconds(), "604801", "takes seconds, 0 to 604800, not '604801'"),
        (count(1), "1000000001", "takes a whole number, 1 to 1000000000, not '1000000001'"),
        (count(), "9" * 400, f"takes a whole number, 0 or more, not '{'9' * 36}..."),
        (seconds(), "9" * 400, f"takes seconds, 0 or more, not '{'9' * 36}..."),
        (rate(0.001), "0", "takes requests per second, 0.001 or more, not '0'"),
    ],
)
def test_a_refusal_says_the_unit_and_the_limits(number: Number, given: str, said: str) -> None:
    with pytest.raises(NotTaken) as refused:
        number.read(given)

    assert refused.value.message == said


def test_both_limits_are_within() -> None:
    assert [PERCENT.read("0"), PERCENT.read("100"), seconds(30).read("30")] == [0, 100, 30]
    assert count(2).read("2") == 2
    assert isinstance(count().read("7"), int)


def test_help_tells_limits_that_do_not_go_without_saying() -> None:
    assert seconds(30).described("Seconds for it.") == "Seconds for it; 30 or more."
    assert seconds().described("Seconds for it.") == "Seconds for it."
