"""The script that installs a release on an instance, run here for real: in a folder, by a real shell."""

import json
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from tasks.hosts.script import assignments
from tests.tasks.hosts.bash_host import running_host
from tests.tasks.hosts.host import Host, zip_of

# Values that would be code, were they ever read as such.
HOSTILE = [
    "a b",
    "it's",
    'say "hi"',
    "$(touch HACKED)",
    "`touch HACKED`",
    "; touch HACKED",
    "$HOME",
    "{{ssm:secret}}",
    "back\\slash",
    "-rf",
    "*",
    "grüße-日本",
    "a&b|c>d<e",
    "%s%n",
]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with running_host(tmp_path) as host:
        yield host


def tools(host: Host, *names: str) -> None:
    """Leave the host with the system's own commands less those that unpack a zip, and *names* of them."""
    folder = host.root / "tools"
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for path in Path(place).iterdir():
            link = folder / path.name
            missing = path.name in ("unzip", "bsdtar", "python3", "curl", "wget") and path.name not in names
            if not missing and not link.exists() and not link.is_symlink():
                link.symlink_to(path)
    host.path = str(folder)


def test_a_release_becomes_current_with_its_facts(host: Host) -> None:
    done = host.install("1.0")

    assert done.returncode == 0, done.stderr
    assert host.current == "1.0"
    assert (host.app / "current").readlink() == Path("releases/1.0")
    assert json.loads((host.app / "current/release.json").read_text())["version"] == "1.0"


def test_the_same_again_changes_nothing_and_needs_no_download(host: Host) -> None:
    digest = host.release("1.0")
    host.install("1.0", sha256=digest)
    (host.served / "app").unlink()

    assert host.install("1.0", sha256=digest).returncode == 0
    assert host.releases == ["1.0"]


def test_the_same_again_is_recorded_with_its_own_time(host: Host) -> None:
    digest = host.release("1.0")
    host.install("1.0", sha256=digest, facts='{"time": "first"}')
    host.install("1.1")
    assert host.install("1.0", sha256=digest, facts='{"time": "second"}').returncode == 0

    assert json.loads((host.app / "current/release.json").read_text()) == {"time": "second"}
    assert host.releases == ["1.0", "1.1"]


def test_the_same_version_with_other_contents_gets_a_folder_beside_it(host: Host) -> None:
    host.install("1.0")
    digest = host.release("other")

    assert host.install("1.0", sha256=digest).returncode == 0
    assert host.current == "other"
    assert len(host.releases) == 2


def test_another_checksum_changes_nothing(host: Host) -> None:
    host.install("1.0")
    host.release("2.0")
    done = host.install("2.0", sha256="0" * 64)

    assert done.returncode == 1
    assert "another SHA-256" in done.stderr
    assert host.current == "1.0"
    assert host.releases == ["1.0"]


def test_a_failed_download_changes_nothing(host: Host) -> None:
    host.install("1.0")
    digest = host.release("2.0")
    (host.served / "app").unlink()
    done = host.install("2.0", sha256=digest)

    assert done.returncode == 1
    assert "could not be fetched" in done.stderr
    assert host.current == "1.0"
    assert host.releases == ["1.0"]


def test_a_restart_that_fails_goes_back_to_the_release_before(host: Host) -> None:
    current = '"$DESTDIR/srv/app/current/content"'
    restart = f'cat {current} >>"$DESTDIR/started"; ! grep -q bad {current}'
    host.install("1.0", restart=restart)
    done = host.install("bad", restart=restart)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "bad did not start; 1.0 is running again"
    assert host.current == "1.0"
    assert (host.root / "started").read_text() == "1.0bad1.0"


def test_a_first_release_that_does_not_start_says_so(host: Host) -> None:
    done = host.install("1.0", restart="false")

    assert done.returncode == 1
    assert "there is no earlier release to go back to" in done.stderr


def test_a_run_killed_after_the_switch_still_knows_what_to_go_back_to(host: Host) -> None:
    host.install("1.0")
    host.install("bad", restart="kill -9 $PPID")

    done = host.install("bad", restart='! grep -q bad "$DESTDIR/srv/app/current/content"')

    assert "1.0 is running again" in done.stderr
    assert host.current == "1.0"


def test_a_first_run_that_was_killed_while_it_restarted_is_finished_by_the_next(host: Host) -> None:
    host.install("1.0", restart="kill -9 $PPID")

    assert host.install("1.0").returncode == 0
    assert (host.current, host.history) == ("1.0", ["1.0"])


def test_leftovers_of_a_killed_run_are_swept_away(host: Host) -> None:
    (host.app / "releases/.incoming.abc123").mkdir(parents=True)
    host.install("1.0")

    assert host.releases == ["1.0"]


def test_only_so_many_releases_are_kept_and_never_less_than_a_rollback_needs(host: Host) -> None:
    for version in ("1.0", "1.1", "1.2", "1.3"):
        assert host.install(version, keep="2").returncode == 0

    assert host.releases == ["1.2", "1.3"]


def test_releases_that_nothing_goes_back_to_go_before_those_that_were_current(host: Host) -> None:
    for version in ("1.0", "1.1", "bad-1", "bad-2", "bad-3", "1.2"):
        restart = '! grep -q bad "$DESTDIR/srv/app/current/content"'
        host.install(version, keep="3", restart=restart)

    assert host.releases == ["1.0", "1.1", "1.2"]


def test_an_install_folder_whose_current_is_no_link_is_left_alone(host: Host) -> None:
    (host.app / "current").mkdir(parents=True)
    done = host.install("1.0")

    assert done.returncode == 1
    assert "current is not a link; move it away first; nothing was changed" in done.stderr


def test_a_restart_that_talks_a_lot_leaves_room_for_the_verdict(host: Host) -> None:
    done = host.install("1.0", restart="seq -f 'line %g' 1 50000; printf '%09000d' 0")

    assert len(done.stdout) < 2000
    assert "(50000 lines in all, in /srv/app/.restart.log; the last ones:)" in done.stdout
    assert done.stdout.endswith("running 1.0 from /srv/app/releases/1.0\n")


PROGRAM = {"bin/app": (stat.S_IFREG | 0o755, b"1.0"), "content": (stat.S_IFREG | 0o644, b"1.0")}


@pytest.mark.parametrize("tool", ["unzip", "python3"])
def test_a_zip_is_unpacked_by_what_the_host_has(host: Host, tool: str) -> None:
    tools(host, tool, "curl")
    link = {"bin/current": (stat.S_IFLNK | 0o777, b"app")}
    done = host.install("1.0", kind="zip", sha256=host.serve(zip_of({**PROGRAM, **link})))

    assert done.returncode == 0, done.stderr
    app = host.app / "current/bin/app"
    assert os.access(app, os.X_OK)
    assert (app.parent / "current").readlink() == Path("app")
    assert host.current == "1.0"


@pytest.mark.parametrize(
    ("has", "said"),
    [(["curl"], "none of unzip, bsdtar and python3"), (["unzip"], "neither curl nor wget")],
)
def test_a_host_without_the_tools_is_told_so_and_left_as_it_was(
    host: Host, has: list[str], said: str
) -> None:
    host.install("0.9")
    tools(host, *has)
    done = host.install("1.0", kind="zip", sha256=host.serve(zip_of(PROGRAM)))

    assert done.returncode == 1
    assert said in done.stderr
    assert "nothing was changed" in done.stderr
    assert (host.current, host.releases) == ("0.9", ["0.9"])


def modes(kind: str) -> bytes:
    if kind == "zip":
        return zip_of({"content": (stat.S_IFREG | 0o6777, b"1.0")})
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        info = tarfile.TarInfo("content")
        info.size, info.mode, info.uid = 3, 0o6777, 12345
        tar.addfile(info, BytesIO(b"1.0"))
    return packed.getvalue()


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_no_release_brings_setuid_bits_owners_or_what_anybody_may_write(host: Host, kind: str) -> None:
    assert host.install("1.0", kind=kind, sha256=host.serve(modes(kind))).returncode == 0

    found = (host.app / "current/content").stat()
    assert stat.S_IMODE(found.st_mode) == 0o755
    assert found.st_uid == os.getuid()


def test_a_release_cannot_have_its_facts_written_elsewhere(host: Host) -> None:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("release.json", ".sha256", ".version"):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, "content"
            tar.addfile(info)
        info = tarfile.TarInfo("content")
        info.size = 3
        tar.addfile(info, BytesIO(b"1.0"))
    assert host.install("1.0", sha256=host.serve(packed.getvalue())).returncode == 0

    assert host.current == "1.0"
    assert json.loads((host.app / "current/release.json").read_text()) == {"version": "1.0"}


@pytest.mark.parametrize("value", HOSTILE)
def test_no_restart_command_is_read_twice(host: Host, value: str) -> None:
    quoted = "'" + value.replace("'", "'\\''") + "'"
    done = host.install("1.0", restart=f'printf %s {quoted} >"$DESTDIR/said"')

    assert done.returncode == 0, done.stderr
    assert (host.root / "said").read_text() == value
    assert not list(host.root.rglob("HACKED"))


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_is_ever_code(host: Host, value: str) -> None:
    version = value if not value.startswith("-") else f"v{value}"
    done = host.install(
        version, install_to=f"/srv/{value}", facts=json.dumps({"v": value}), sha256=host.release(version)
    )

    assert done.returncode == 0, done.stderr
    current = host.root / "srv" / value / "current"
    assert (current / "content").read_text() == version
    assert json.loads((current / "release.json").read_text())["v"] == value
    assert not list(host.root.rglob("HACKED"))


@pytest.mark.parametrize("value", [*HOSTILE, "line one\nline two", "ends in newlines\n\n", ""])
def test_every_value_arrives_as_it_was(value: str) -> None:
    script = f'{assignments({"value": value})}\nprintf %s "$value"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)

    assert done.stdout.decode() == value
