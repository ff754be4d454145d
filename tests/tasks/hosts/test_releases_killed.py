"""Runs that are killed in the middle, on both kinds of host: the same again makes good what they left."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.hosts.story import Story
from tests.tasks.hosts.twins import Hosts, on_both

KILL = {"sh": "kill -9 $$", "powershell": "Stop-Process -Force -Id $PID"}

# Right before which line of each script it is killed.
INSTALL = {
    "after unpacking": {"sh": 'must mv -T "$incoming/release"', "powershell": "Move-Folder $incoming"},
    "before the history": {
        "sh": 'if [ "$current" != "$release" ]; then',
        "powershell": "if ($current -cne $release) {",
    },
    "after the history": {"sh": 'switch_to "$release"', "powershell": "Switch-To $release"},
    "in the switch": {
        "sh": 'must mv -fT "$root/.current.new"',
        "powershell": "try { Move-Folder $newLink $currentLink }",
    },
    "after the switch": {
        "sh": "if ! restart_service ",
        "powershell": "if (-not (Restart-Release '.restart' 2)",
    },
}
GO_BACK = {
    "before the switch": {"sh": 'switch_to "$target"', "powershell": "Switch-To $target"},
    "in the switch": INSTALL["in the switch"],
    "after the switch": {"sh": "restart_service .restart.log", "powershell": "if (-not (Restart-Release "},
}

# Those who make good are the other scripts; who is killed has a process of its own anyway.
pytestmark = pytest.mark.parametrize("hosts", ["one PowerShell"], indirect=True)


def killed(story: Story, script: Path, before: dict[str, str]) -> None:
    """Run a script that is killed right before the line that begins so."""
    kind = story.host.language.name
    lines = script.read_text(encoding="utf-8").splitlines()
    [number] = [n for n, line in enumerate(lines) if line.strip().startswith(before[kind])]
    lines.insert(number, KILL[kind])
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = story.host.run(script, *story.host.shell)
    assert done.returncode == -signal.SIGKILL, done.stderr


def whole(story: Story, *allowed: str) -> None:
    """A whole release is current; on Windows there is a moment, as a junction is replaced, without any."""
    stands = story.stands
    if stands.current or story.host.language.name == "sh":
        assert stands.current in allowed
        assert stands.releases[f"{stands.current}/.version"] == stands.current


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", INSTALL)
def test_an_installation_that_was_killed_is_made_good_by_the_same_again(hosts: Hosts, point: str) -> None:
    def scenario(story: Story) -> None:
        story.install("1.0")
        story.install("1.1")
        killed(story, story.install_script("1.2"), INSTALL[point])
        whole(story, "1.1", "1.2")
        done = story.install("1.2", restart="service")
        assert (done.code, done.verdict) == (0, "running 1.2 from /srv/app/releases/1.2")
        assert (done.stands.names, done.stands.history) == (["1.0", "1.1", "1.2"], ("1.0", "1.1", "1.2"))
        assert (done.stands.started, done.stands.beside) == (("1.2",), ())
        assert story.go_back().stands.current == "1.1"

    hosts.both(scenario)


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", INSTALL)
def test_an_installation_that_was_killed_can_be_gone_back_from(hosts: Hosts, point: str) -> None:
    def scenario(story: Story) -> None:
        story.install("1.0")
        story.install("1.1")
        killed(story, story.install_script("1.2"), INSTALL[point])
        was = story.stands.current or "1.1"
        done = story.go_back("1.1")
        assert (done.code, done.stands.current) == (0, "1.1")
        assert was in ("1.1", "1.2")
        assert story.install("1.3").stands.history == ("1.0", "1.1", "1.3")

    hosts.both(scenario)


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", GO_BACK)
def test_a_going_back_that_was_killed_is_made_good_by_the_same_again_and_not_repeated(
    hosts: Hosts, point: str
) -> None:
    def scenario(story: Story) -> None:
        for version in ("1.0", "1.1", "1.2"):
            story.install(version)
        killed(story, story.back_script(), GO_BACK[point])
        whole(story, "1.1", "1.2")
        done = story.go_back(restart="service")
        assert (done.code, done.verdict) == (0, "running 1.1 from /srv/app/releases/1.1")
        assert (done.stands.started, done.stands.beside) == (("1.1",), ())
        assert story.go_back().stands.current == "1.0"

    hosts.both(scenario)


@pytest.mark.exhaustive
@on_both
def test_one_that_was_killed_while_it_fetched_leaves_nothing_behind(story: Story) -> None:
    before = story.install("1.0").stands
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/app"
        process = story.host.start(story.install_script("1.1", url=url))
        asked, _ = silent.accept()
        with asked, process:
            os.killpg(process.pid, signal.SIGKILL)
    assert story.stands.current == "1.0"
    assert story.stands.history == before.history
    done = story.install("1.1")
    assert (done.code, done.stands.names, done.stands.beside) == (0, ["1.0", "1.1"], ())


@pytest.mark.exhaustive
@on_both
def test_one_that_was_killed_in_its_restart_holds_nobody_up(story: Story) -> None:
    """The restart that it leaves behind goes on, and has no part in the lock."""
    story.install("1.0")
    process = story.host.start(story.install_script("1.1", restart="waits"))
    with process:
        eventually(lambda: story.stands.started, ("waits",))
        os.kill(process.pid, signal.SIGKILL)
    try:
        done = story.install("1.1", restart="service")
        assert (done.code, done.verdict) == (0, "running 1.1 from /srv/app/releases/1.1")
        assert done.stands.started == ("waits", "1.1")
    finally:
        (story.host.root / "go").touch()


@pytest.mark.exhaustive
@on_both
def test_two_at_once_come_one_after_the_other(story: Story) -> None:
    story.install("1.0")
    script = story.install_script("1.1", restart="waits")
    # A shell reads on in its script, and the next one has the same name.
    with story.host.start(script.rename(script.with_stem("first"))) as first:
        eventually(lambda: story.stands.started, ("waits",))
        with story.host.start(story.install_script("1.2")) as second:
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(1.5)
            assert story.stands.current == "1.1"
            (story.host.root / "go").touch()
            assert (first.wait(60), second.wait(60)) == (0, 0)
    done = story.go_back("1.2")
    assert (done.stands.names, done.stands.history) == (["1.0", "1.1", "1.2"], ("1.0", "1.1", "1.2"))
