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


def test_it_goes_back_one_release_each_time_and_stops_at_the_first(host: Host) -> None:
    installed(host, "1.0", "1.1", "1.2")
    said = [host.go_back() for _ in range(3)]

    assert [done.returncode for done in said] == [0, 0, 1]
    assert [done.stdout for done in said[:2]] == [
        "running 1.1 from /srv/app/releases/1.1\n",
        "running 1.0 from /srv/app/releases/1.0\n",
    ]
    assert said[2].stderr == "there is no earlier release than 1.0 to go back to; 1.0 stays\n"
    assert host.current == "1.0"


def test_what_was_gone_back_from_is_never_gone_back_to(host: Host) -> None:
    installed(host, "1.0", "1.1", "1.2")
    host.go_back()
    installed(host, "1.3")

    assert host.history == ["1.0", "1.1", "1.3"]
    assert [host.go_back().stdout.split()[1] for _ in range(2)] == ["1.1", "1.0"]


def test_a_version_deployed_again_counts_from_then(host: Host) -> None:
    installed(host, "1.0", "1.1", "1.2", "1.0")

    assert host.history == ["1.1", "1.2", "1.0"]
    assert [host.go_back().stdout.split()[1] for _ in range(2)] == ["1.2", "1.1"]


def test_a_named_version_is_safe_to_repeat(host: Host) -> None:
    installed(host, "1.0", "1.1", "1.2")

    assert [host.go_back("1.0").stdout.split()[1] for _ in range(3)] == ["1.0", "1.0", "1.0"]
    assert host.current == "1.0"


def test_one_can_go_forward_again_by_name(host: Host) -> None:
    installed(host, "1.0", "1.1")
    host.go_back()

    assert host.go_back("1.1").returncode == 0
    assert host.current == "1.1"
    assert host.go_back().stdout.startswith("running 1.0 ")


def test_of_two_builds_of_a_version_the_one_that_ran_last_is_meant(host: Host) -> None:
    installed(host, "1.0")
    host.install("1.0", sha256=host.release("other build"))
    installed(host, "1.1")

    assert host.go_back("1.0").stdout.startswith("running 1.0 from /srv/app/releases/1.0+")
    assert host.current == "other build"


@pytest.mark.parametrize("name", ["9.9", "*", "..", "../..", "$(touch HACKED)", "a b", "-rf", "[0-9]*", ".*"])
def test_what_is_not_there_changes_nothing(host: Host, name: str) -> None:
    installed(host, "1.0", "1.1")
    done = host.go_back(name)

    assert done.returncode == 1
    assert done.stderr == f"there is no release {name} in /srv/app; nothing was changed\n"
    assert host.current == "1.1"
    assert not list(host.root.rglob("HACKED"))


def test_nothing_is_touched_if_somebody_else_deployed_meanwhile(host: Host) -> None:
    installed(host, "1.0", "1.1", "1.2")
    done = host.go_back(leaving="1.1")

    assert done.returncode == 1
    assert done.stderr == "1.2 was put there meanwhile, and not 1.1; it was left alone\n"
    assert host.current == "1.2"


def test_an_earlier_release_that_does_not_start_is_said(host: Host) -> None:
    installed(host, "bad", "1.1")
    done = host.go_back(restart=RESTART)

    assert done.returncode == 1
    assert done.stderr == "bad did not start; it is current all the same\n"


def test_a_release_that_was_removed_by_hand_is_passed_over(host: Host) -> None:
    installed(host, "1.0", "1.1", "1.2")
    (host.app / "releases/1.1/content").unlink()
    for name in ("release.json", ".sha256", ".version"):
        (host.app / "releases/1.1" / name).unlink()
    (host.app / "releases/1.1").rmdir()

    assert host.go_back().stdout.startswith("running 1.0 ")


def test_an_instance_that_was_laid_out_by_other_means_is_understood(host: Host) -> None:
    (host.app / "releases/0.9").mkdir(parents=True)
    (host.app / "releases/0.9/content").write_text("0.9")
    (host.app / "current").symlink_to("releases/0.9")
    installed(host, "1.0")

    assert host.go_back().stdout == "running 0.9 from /srv/app/releases/0.9\n"
    assert host.current == "0.9"


def test_an_instance_without_any_release_is_said(host: Host) -> None:
    done = host.go_back()

    assert done.returncode == 1
    assert "current leads to no release" in done.stderr


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


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    "looks", [PATTERNS, pytest.param("nothing", marks=pytest.mark.exhaustive)], ids=["change", "any"]
)
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
