"""The script that goes back to an earlier release, run here for real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tasks.hosts.bash_host import running_host
from tests.tasks.hosts.host import Host

# A service that a release called bad cannot be: it writes down what was started.
CONTENT = '"$DESTDIR/srv/app/current/content"'
RESTART = f'cat {CONTENT} >>"$DESTDIR/started"; ! grep -q bad {CONTENT}'


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with running_host(tmp_path) as host:
        yield host


def installed(host: Host, *versions: str) -> None:
    for version in versions:
        host.install(version)


def test_a_run_killed_after_its_switch_is_finished_and_not_repeated(host: Host) -> None:
    installed(host, "1.0", "1.1", "1.2")
    host.go_back(restart="kill -9 $PPID")
    assert host.current == "1.1"

    assert host.go_back(restart=RESTART).stdout.startswith("running 1.1 ")
    assert (host.root / "started").read_text() == "1.1"
    assert host.go_back().stdout.startswith("running 1.0 ")


# Commands that change nothing: whoever is killed before one of them leaves what the command after it finds.
LOOKS = (
    *("[", "base64", "break", "case", "command -v", "ls", "printf %s", "readlink", "return", "set", "tail"),
    *("umask", "wc"),
)
# And assignments, the only ones here that begin with a small letter and have a = in them.
PATTERNS = "|".join(["[a-z_]*=*", "IFS=*", *(f'"{word} "*' for word in LOOKS)])

# Stops the shell before the command of this number, whatever function it is in.
KILLED = (
    "set -T; n=0; trap 'case $BASH_COMMAND in {looks}) ;; "
    '*) n=$((n+1)); [ "$n" != {number} ] || kill -9 $$;; esac\' DEBUG\n'
)


@pytest.mark.exhaustive
@pytest.mark.end_to_end
@pytest.mark.parametrize("looks", [PATTERNS, "nothing"], ids=["change", "any"])
@pytest.mark.parametrize("task", ["install", "go back"])
def test_killed_before_any_command_the_same_again_converges(host: Host, task: str, looks: str) -> None:
    installed(host, "1.0", "1.1")
    digest = host.release("1.2")
    number = 0
    while True:
        number += 1
        assert number < 300
        host.go_back("1.1")
        if task == "install":
            for path in (host.app / "releases").glob("1.2*"):
                path.rename(host.root / f"gone-{number}")
            (host.app / ".history").write_text("releases/1.0\nreleases/1.1\n")
        killed = KILLED.format(number=number, looks=looks)
        if task == "install":
            done = host.run(host.script("1.2", killed, sha256=digest, restart=RESTART), "bash")
            allowed, wanted = {"1.1", "1.2"}, "1.2"
        else:
            done = host.run(host.back_script("", killed, restart=RESTART), "bash")
            allowed, wanted = {"1.0", "1.1"}, "1.0"
        assert host.current in allowed
        assert (host.app / "current/release.json").exists()
        assert (host.app / "current/.version").read_text() == host.current
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        if task == "go back" and host.current == wanted and not (host.app / ".going-back").exists():
            # All was done but to say so; once more would be one release further back.
            continue
        again = host.install("1.2", sha256=digest, restart=RESTART) if task == "install" else None
        again = again or host.go_back(restart=RESTART)

        assert again.returncode == 0, f"before command {number}: {again.stderr}"
        assert host.current == wanted, f"before command {number}"
        assert (host.root / "started").read_text().endswith(wanted), f"before command {number}"
        if task == "install":
            assert host.history == ["1.0", "1.1", "1.2"], f"before command {number}"
            assert not [name for name in host.releases if name.startswith(".")]
    assert number > 10
