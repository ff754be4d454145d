import sys

import pytest

from tasks.running.clock import SystemClock
from tasks.running.errors import Refused
from tasks.running.waiting import Wait
from tasks.switching.evidence import of_command, of_url
from tests.fakes import Stage


def test_a_commands_words_are_filled_in_whole_and_no_shell_sees_them() -> None:
    wait = Wait(SystemClock(), Stage().log)
    code = "import sys; sys.exit(sys.argv[1:] != ['10 percent', 'gr;een', '$(exit)'])"
    check = of_command(
        f'{sys.executable} -c "{code}" "{{share}} percent" {{green}} "$(exit)"', "b", "gr;een", wait
    )

    assert check(10) is None
    assert check(50) == f"{sys.executable.rpartition('/')[2]} exited 1"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("no-such-command x", "--check: there is no command no-such-command"),
        ("'open", "cannot be read"),
        ("", "--check needs the command"),
        (f"{sys.executable} {{shares}}", "cannot be filled in"),
    ],
)
def test_a_command_that_cannot_be_run_is_refused_beforehand(text: str, what: str) -> None:
    with pytest.raises(Refused, match=what):
        of_command(text, "blue", "green", Stage().wait)


def test_a_url_that_cannot_be_asked_is_refused_beforehand() -> None:
    with pytest.raises(Refused):
        of_url("nowhere")
