"""How the scripts of an event are run and end: real processes in a folder that stands for an instance."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.systemctl import born
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem
from gocd.rehearsal.standin_aws.services.code_deploy.agent.folders import Folders
from gocd.rehearsal.standin_aws.services.code_deploy.agent.hooks import revision_for, run_hook
from gocd.rehearsal.standin_aws.services.code_deploy.agent.script import Killed, Surroundings
from tests.gocd.rehearsal.standin_aws.conftest import eventually

SCRIPT = "scripts/hook.sh"
WHAT = f"Script at specified location: {SCRIPT}"
ARCHIVE = "/opt/codedeploy-agent/deployment-root/group/d-1/deployment-archive"


class Host:
    """An instance with one deployment, whose scripts have a minute on a clock of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Clock()
        self.files = FileSystem(root)
        self.folders = Folders(self.files, "group", "d-1")
        self._lives: Callable[[], bool] = lambda: True

    def hook(self, text: str | bytes, more: str = "", location: str = SCRIPT) -> None:
        """Run *text* as the script of an event, of which the appspec says *more*."""
        archive = self.folders.archive
        (archive / "scripts").mkdir(parents=True, exist_ok=True)
        (archive / "appspec.yml").write_text(
            f"version: 0.0\nos: linux\nhooks: {{Any: [{{location: {location}, timeout: 60{more}}}]}}\n"
        )
        (archive / location).write_bytes(text if isinstance(text, bytes) else text.encode())
        self.run()

    def run(self) -> None:
        environment = {"PATH": f"{self.root}/bin:/usr/bin:/bin", "DESTDIR": str(self.root)}
        at = Surroundings(self.files, environment, self.clock, self.lives)
        run_hook("Any", self.folders.deployment, self.folders, "linux", at)

    def failure(self, text: str | bytes, more: str = "", location: str = SCRIPT) -> dict[str, str]:
        with pytest.raises(AgentFailure) as failed:
            self.hook(text, more, location)
        return failed.value.diagnostics

    def lives(self) -> bool:
        return self._lives()

    def when(self, event: Callable[[], bool], then: Callable[[], bool]) -> None:
        """Have *then* happen, once, and say whether all still lives, as soon as *event* has."""

        def happen() -> bool:
            lives = then()
            self._lives = lambda: lives
            return lives

        self._lives = lambda: happen() if event() else True

    def a_minute_passes(self) -> bool:
        self.clock.skip(60)
        return True


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "a host")


def has_ended(noted: Path) -> bool:
    """Whether the process is gone that has written its number into a file."""
    pid = noted.read_text() if noted.exists() else ""
    return pid.endswith("\n") and not Path(f"/proc/{pid.strip()}").exists()


def await_end(pid: int) -> None:
    # A number of its own is left of a process until somebody has asked how it ended.
    eventually(lambda: born(pid), None, patience=10)


@pytest.mark.parametrize(
    ("redirected", "output"), [("2>/dev/null", "STDOUT"), (">/dev/null", "STDERR"), ("", "STDOUT")]
)
def test_an_output_that_a_child_holds_fails_the_event_once_all_its_time_is_over(
    host: Host, tmp_path: Path, redirected: str, output: str
) -> None:
    script, child, at_it = tmp_path / "script", tmp_path / "child", tmp_path / "at-it"
    host.when(lambda: has_ended(script) and at_it.exists(), host.a_minute_passes)
    # It says something, but never a whole line: that is not in the log.
    write = f"touch '{at_it}'; printf x; printf x >&2"
    held = f"while sleep 0.02; do {write}; done {redirected} & echo $! > '{child}'"
    told = host.failure(f"#!/bin/sh\necho started\n{held}\necho $$ > '{script}'\n")

    assert told == {
        "errorCode": "UnknownError",
        "scriptName": SCRIPT,
        "message": f"{WHAT} failed to close {output}",
        "logTail": f"LifecycleEvent - Any\nScript - {SCRIPT}\n[stdout]started\n",
    }
    # Its pipes are closed by now, and so it is killed when it writes to them.
    await_end(int(child.read_text()))


@pytest.mark.parametrize("close", [">/dev/null 2>&1", ">&- 2>&-"])
def test_a_child_without_the_outputs_may_go_on(host: Host, tmp_path: Path, close: str) -> None:
    host.hook(f"#!/bin/sh\n(touch '{tmp_path}/began'; exec sleep 5) {close} &\n")


def test_a_script_out_of_time_gets_sigterm_with_its_whole_group_and_is_waited_for_alone(
    host: Host, tmp_path: Path
) -> None:
    ready, child = tmp_path / "ready", tmp_path / "child"
    host.when(ready.exists, host.a_minute_passes)
    told = host.failure(
        "#!/bin/bash\n"
        f"trap 'sleep 0.3; echo cleaned up > {tmp_path}/cleaned; exit 0' TERM\n"
        f"sleep 60 & echo $! > '{child}'; touch '{ready}'; wait\n"
    )

    assert (told["errorCode"], told["message"]) == (
        "ScriptTimedOut",
        f"{WHAT} failed to complete in 60 seconds",
    )
    assert (tmp_path / "cleaned").read_text() == "cleaned up\n"
    await_end(int(child.read_text()))


def test_a_script_whose_machine_goes_is_killed(host: Host, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    host.when(lambda: pid.exists() and pid.read_text().endswith("\n"), lambda: False)
    with pytest.raises(Killed):
        host.hook(f"#!/bin/sh\ntrap '' TERM\necho $$ > '{pid}'\nsleep 60 & wait\n")

    await_end(int(pid.read_text()))


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("#!/bin/sh\nexit 7\n", "ScriptFailed", f"{WHAT} failed with exit code 7"),
        # Killed by a signal it has no code to tell.
        ("#!/bin/sh\nkill -9 $$\n", "ScriptFailed", f"{WHAT} failed with exit code "),
        # Written on Windows.
        (
            "#!/bin/sh\r\nexit 0\r\n",
            "ScriptFailed",
            f"{WHAT} failed with error Errno::ENOENT with message No such file or directory - "
            f"{ARCHIVE}/{SCRIPT}",
        ),
        # Without a first line that names its interpreter, sh reads it.
        ("exit 3\n", "ScriptFailed", f"{WHAT} failed with exit code 3"),
        (b"#!/bin/sh\nprintf '\\377\\n'; exit 1\n", "UnknownError", "Attempting minimal diagnostics"),
    ],
)
def test_how_a_script_failed_is_told_in_the_words_of_the_agent(
    host: Host, text: str | bytes, code: str, said: str
) -> None:
    told = host.failure(text)

    assert (told["errorCode"], told["message"], told["scriptName"]) == (code, said, SCRIPT)


def test_what_follows_a_blank_in_a_scripts_name_is_an_argument(host: Host) -> None:
    told = host.failure("#!/bin/sh\n", location="scripts/my hook.sh")

    assert told["message"].endswith(f"No such file or directory - {ARCHIVE}/scripts/my")


def test_a_missing_script_is_told_with_its_whole_path(host: Host) -> None:
    host.hook("#!/bin/sh\n")
    (host.folders.archive / SCRIPT).unlink()
    with pytest.raises(AgentFailure) as failed:
        host.run()

    assert failed.value.diagnostics["errorCode"] == "ScriptMissing"
    assert str(failed.value) == f"Script does not exist at specified location: {ARCHIVE}/{SCRIPT}"


def test_a_script_reads_nothing_and_runs_at_the_root(host: Host, tmp_path: Path) -> None:
    host.hook(f"#!/bin/sh\ncat\npwd > '{tmp_path}/where'\n")

    assert (tmp_path / "where").read_text() == f"{host.root}\n"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (", runas: deploy", "su deploy -c {path}"),
        (", sudo: true", "sudo {path}"),
        (", runas: deploy, sudo: true", "sudo su deploy -c {path}"),
    ],
)
def test_another_user_runs_a_script_by_su_and_sudo(host: Host, more: str, words: str) -> None:
    (host.root / "bin").mkdir(parents=True)
    for name in ("su", "sudo"):
        (host.root / "bin" / name).write_text(f'#!/bin/sh\necho {name} "$@"; exit 5\n')
        (host.root / "bin" / name).chmod(0o755)
    told = host.failure("#!/bin/sh\n", more)
    path = host.folders.archive / SCRIPT

    assert told["logTail"].splitlines()[-1] == f"[stdout]{words.format(path=path)}"
    user = " run as user deploy" if "runas" in more else ""
    assert told["message"] == f"{WHAT}{user} failed with exit code 5"


def test_the_log_has_whole_lines_of_less_than_2048_characters_and_a_file_has_all(host: Host) -> None:
    told = host.failure(
        "#!/bin/sh\nfor i in $(seq 100 199); do printf '%s %040d\\n' $i 0; done; printf end; exit 1\n"
    )
    lines = told["logTail"].splitlines()
    kept = (host.folders.deployment / "logs/scripts.log").read_text().splitlines()

    assert len(told["logTail"]) < 2048
    assert (lines[-1], lines[-2][8:11], lines[0][8:11]) == ("[stdout]end", "199", "162")
    assert len(kept) == 103
    assert kept[0].endswith(" LifecycleEvent - Any")


@pytest.mark.parametrize(("length", "left"), [(2047, 2047), (2048, 0)])
def test_one_line_too_long_leaves_no_log_at_all(host: Host, length: int, left: int) -> None:
    zeros = length - len("[stdout]")

    assert len(host.failure(f"#!/bin/sh\nprintf '%0{zeros}d' 0; exit 1\n")["logTail"]) == left


@pytest.mark.parametrize(
    ("event", "rolls_back", "brought", "expected"),
    [
        ("ApplicationStop", False, False, "d-installed"),
        ("BeforeBlockTraffic", False, False, "d-installed"),
        ("AfterBlockTraffic", False, False, "d-installed"),
        ("BeforeAllowTraffic", False, False, "d-1"),
        ("BeforeInstall", False, False, "d-1"),
        # Once its own revision is there, a deployment uses that for everything.
        ("ApplicationStop", False, True, "d-1"),
        ("BeforeBlockTraffic", False, True, "d-1"),
        # A blue/green deployment rolled back.
        ("BeforeBlockTraffic", True, False, "d-downloaded"),
        ("AfterBlockTraffic", True, False, "d-downloaded"),
        ("BeforeAllowTraffic", True, False, "d-installed"),
        ("AfterAllowTraffic", True, False, "d-installed"),
        ("ApplicationStop", True, False, "d-installed"),
        ("ValidateService", True, False, "d-1"),
    ],
)
def test_scripts_come_from_the_revision_that_the_agent_has_for_the_event(
    host: Host, event: str, rolls_back: bool, brought: bool, expected: str
) -> None:
    Folders(host.files, "group", "d-installed").note_installed()
    Folders(host.files, "group", "d-downloaded").note_downloaded()
    if brought:
        host.folders.archive.mkdir(parents=True)
    found = revision_for(event, host.folders, blue_green_rollback=rolls_back)

    assert found == host.folders.deployment.with_name(expected)


def test_an_instance_that_was_never_installed_to_has_no_scripts_to_stop_it(host: Host) -> None:
    assert revision_for("ApplicationStop", host.folders, blue_green_rollback=False) is None


def test_five_revisions_of_a_group_are_kept_and_the_one_installed_last_always(host: Host) -> None:
    for number in range(1, 8):
        made = Folders(host.files, "group", f"d-{number}").deployment
        made.mkdir(parents=True)
        os.utime(made, (number, number))
    Folders(host.files, "group", "d-1").note_installed()
    Folders(host.files, "others", "d-0").deployment.mkdir(parents=True)
    new = Folders(host.files, "group", "d-8")
    new.deployment.mkdir()
    new.remove_old()
    left = {each.name for each in new.deployment.parent.iterdir()}

    assert left == {"d-1", "d-5", "d-6", "d-7", "d-8"}
    assert Folders(host.files, "others", "d-0").deployment.exists()
