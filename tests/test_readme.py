"""README tells the truth: every command and option in it exists, and every one that exists is in it."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from gocd.rehearsal.injected_faults import FAULTS
from gocd.rehearsal.traps.catalogue import TRAPS
from tasks.cli import command_line

README = (Path(__file__).parents[1] / "README.rst").read_text(encoding="utf-8")
APP = typer.main.get_command(command_line()).commands  # type: ignore[attr-defined]
# A command of commands is told by its words, such as "lock acquire".
COMMANDS = {
    " ".join(words): command
    for name, each in APP.items()
    for words, command in (
        [((name, part), inner) for part, inner in each.commands.items()]
        if hasattr(each, "commands")
        else [((name,), each)]
    )
}

# What every command has, said once.
EVERYWHERE = {"--help", "--color", "--debug", "--events"}


def options(command: str) -> set[str]:
    parameters = COMMANDS[command].params
    names = {name for each in parameters for name in [*each.opts, *each.secondary_opts]}
    return {name for name in names if name.startswith("--")} | {"--help"}


def section(command: str) -> str:
    """The text under a command's heading."""
    command = command.partition(" ")[0]
    match = re.search(rf"\n{command}\n~+\n(.*?)(?=\n[a-z-]+\n~+\n|\n[^\n]+\n-{{3,}}\n)", README, re.DOTALL)
    assert match, f"README has no section on {command}"
    return match[1]


def options_in_section(command: str) -> set[str]:
    """The options of all commands that one section tells of."""
    of_the_same = [each for each in COMMANDS if each.partition(" ")[0] == command.partition(" ")[0]]
    return set().union(*map(options, of_the_same))


def quoted_commands() -> list[list[str]]:
    """Every command line in README, continued lines joined."""
    text = README.replace("\\\n", " ")
    lines = re.findall(r"(?:^ +|``)(gocd-tasks [a-z][^`\n]*)", text, re.MULTILINE)
    return [shlex.split(line.partition("  #")[0])[1:] for line in lines]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_of_a_command_is_in_its_section(command: str) -> None:
    told = set(re.findall(r"--[a-z][a-z0-9-]+", section(command)))

    assert options(command) - EVERYWHERE - told == set()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_in_a_commands_section_exists(command: str) -> None:
    told = set(re.findall(r"^``(--.*?)``$|``(--[a-z0-9-]+)", section(command), re.MULTILINE))
    names = {name for pair in told for text in pair for name in re.findall(r"--[a-z][a-z0-9-]+", text)}

    assert names - options_in_section(command) == set()


def test_every_quoted_command_line_exists() -> None:
    quoted = quoted_commands()
    assert len(quoted) > 8
    for words in quoted:
        command = next((each for each in (words[0], " ".join(words[:2])) if each in COMMANDS), "")
        assert command, words
        given = {
            word.partition("=")[0] for word in words[: [*words, "--"].index("--")] if word.startswith("--")
        }
        assert given <= options(command), words


def test_every_command_has_help_with_an_example() -> None:
    for name, command in COMMANDS.items():
        assert f"Example: gocd-tasks {name}" in " ".join((command.help or "").split()), name


def test_every_fault_is_explained() -> None:
    assert [fault for fault in FAULTS if f"``{fault}``" not in section("rehearse")] == []


def test_every_trap_has_its_row() -> None:
    assert [name for name in TRAPS if not re.search(rf"^{name}  +\S", README, re.MULTILINE)] == []


def test_every_exit_code_is_there() -> None:
    assert all(re.search(rf"^{code}\b", README, re.MULTILINE) for code in ("0", "1", "2", "3", "130, 143"))
