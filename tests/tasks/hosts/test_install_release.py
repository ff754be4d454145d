"""The script that installs a release on an instance, run here for real: in a folder, by a real shell."""

import json
import os
import pwd
import re
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest

from tasks.hosts.script import assignments
from tests.tasks.hosts.bash_host import running_host, tools
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


def test_the_link_leads_to_a_place_beside_it_wherever_the_folder_is_seen(host: Host) -> None:
    assert host.install("1.0").returncode == 0
    assert (host.app / "current").readlink() == Path("releases/1.0")


def test_what_cannot_be_removed_stays_and_stops_no_deployment(host: Host) -> None:
    """As root here, nothing refuses to go; a program in front of the real one does."""
    tools(host, "curl")
    program = host.root / "tools/rm"
    real = program.readlink()
    program.unlink()
    held = 'for last; do :; done; [ "$(cat "$last/content")" != held ] || exit 1'
    program.write_text(f'#!/bin/sh\n{held}\nexec {real} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    for version in ("held", "1.0", "1.1", "1.2"):
        done = host.install(version, keep="1")
        assert done.returncode == 0, done.stderr

    [left] = [name for name in host.releases if name.startswith(".incoming.")]
    assert [name for name in host.releases if name != left] == ["1.2"]
    assert done.stdout == (
        f"{left} stays for the next deployment to remove\nrunning 1.2 from /srv/app/releases/1.2\n"
    )


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


def test_a_restart_that_talks_a_lot_leaves_room_for_the_verdict(host: Host) -> None:
    done = host.install("1.0", restart="seq -f 'line %g' 1 50000; printf '%09000d' 0")

    assert len(done.stdout) < 2000
    assert "(50001 lines in all, in /srv/app/.restart.log; the last ones:)" in done.stdout
    assert done.stdout.endswith("running 1.0 from /srv/app/releases/1.0\n")


PROGRAM = {"bin/app": (stat.S_IFREG | 0o755, b"1.0"), "content": (stat.S_IFREG | 0o644, b"1.0")}


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


PACKED = [("gzip", "w:gz"), ("bzip2", "w:bz2"), ("xz", "w:xz")]


@pytest.mark.parametrize(("program", "mode"), PACKED)
def test_what_a_tar_is_unpacked_with_is_named_if_it_is_missing(
    host: Host, program: str, mode: Literal["w:gz", "w:bz2", "w:xz"]
) -> None:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as tar:
        tar.addfile(tarfile.TarInfo("content"), BytesIO())
    tools(host, "curl", without=[program])
    done = host.install("1.0", sha256=host.serve(packed.getvalue()))

    assert done.stderr == (
        f"the release could not be unpacked (this instance has no {program}, which its tar needs for it); "
        "nothing was changed\n"
    )


@pytest.mark.parametrize(
    ("without", "said"),
    [
        (["tar"], "this instance has no tar to unpack the release with"),
        (["base64"], "this instance has no base64"),
        (
            ["sha256sum", "shasum", "openssl"],
            "this instance has none of sha256sum, shasum and openssl to check the release with",
        ),
    ],
)
def test_what_is_missing_is_named_and_nothing_changed(host: Host, without: list[str], said: str) -> None:
    tools(host, "curl", without=without)
    done = host.install("1.0")

    assert (done.returncode, done.stderr) == (1, f"{said}; nothing was changed\n")


def test_what_something_else_can_do_is_not_missing(host: Host) -> None:
    tools(host, "curl", without=["sha256sum", "flock"])
    done = host.install("1.0")

    assert (done.returncode, done.stderr) == (0, "")
    assert "(this instance has no flock: nothing keeps two deployments to it apart)" in done.stdout


def test_an_archive_that_is_broken_is_not_called_a_full_disk(host: Host) -> None:
    done = host.install("1.0", sha256=host.serve(b"no archive at all" * 100))

    assert re.fullmatch(
        r"the release could not be unpacked \(tar: .*not look like a tar archive\); nothing was changed\n",
        done.stderr,
    )


def test_a_disk_that_is_full_is_said_to_be(host: Host) -> None:
    """A file may have no more than 4 KB here, which a program hears of in the same call as a full disk."""
    digest = host.release("x" * 8000)
    script = host.script("1.0", before="trap '' XFSZ; ulimit -f 8\n", sha256=digest)
    done = host.run(script)

    assert done.stderr.startswith("the release could not be unpacked (tar: content: ")
    assert done.stderr.endswith(": is the disk full?); nothing was changed\n")


# Only root, which the SSM agent is, can give files to anybody else.
SERVICE = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def test_a_releases_files_belong_to_whom_they_are_given_and_the_next_ones_to_the_same(host: Host) -> None:
    files = {"content": (stat.S_IFREG | 0o600, b"1.0"), "bin/app": (stat.S_IFREG | 0o4750, b"")}
    host.install("1.0", kind="zip", sha256=host.serve(zip_of(files)), owner=SERVICE.pw_name)
    done = host.install("2.0", kind="zip", sha256=host.serve(zip_of(files)))

    if os.getuid() == 0:
        assert f"(its files are given to {SERVICE.pw_uid}:0, whose release is current)" in done.stdout
    for version in ("1.0", "2.0"):
        folder = host.app / "releases" / version
        found = [(folder / name).stat() for name in ("", "content", "bin/app")]
        assert [each.st_uid for each in found] == [SERVICE.pw_uid] * 3
        assert [stat.S_IMODE(each.st_mode) for each in found] == [0o755, 0o600, 0o750]
        assert (folder / "release.json").stat().st_uid == os.getuid()


def test_the_same_release_again_can_be_given_to_its_owner(host: Host) -> None:
    digest = host.release("1.0")
    host.install("1.0", sha256=digest)
    host.install("1.0", sha256=digest, owner=f"{SERVICE.pw_name}:{SERVICE.pw_gid}")

    found = (host.app / "current/content").stat()
    assert (found.st_uid, found.st_gid) == (SERVICE.pw_uid, SERVICE.pw_gid)


def test_an_owner_that_there_is_not_is_told_before_anything_is_fetched(host: Host) -> None:
    host.install("1.0")
    done = host.install("2.0", owner="nosuchuser:app", url="http://127.0.0.1:1/none", sha256="0" * 64)

    assert done.stderr.startswith("the release cannot be given to nosuchuser:app on this instance (chown: ")
    assert done.stderr.endswith("); nothing was changed\n")
    assert (host.current, host.releases) == ("1.0", ["1.0"])


def test_files_that_no_service_of_another_user_could_read_are_named(host: Host) -> None:
    files = {"content": (stat.S_IFREG | 0o600, b"1.0"), "bin/app": (stat.S_IFREG | 0o755, b"")}
    done = host.install("1.0", kind="zip", sha256=host.serve(zip_of(files)))
    me = pwd.getpwuid(os.getuid()).pw_name

    assert (
        f"(1 of its files may be read by their owner alone, {me}: --owner gives them to another)"
        in done.stdout
    )


def test_no_link_in_a_release_is_read_as_its_version(host: Host) -> None:
    host.install("1.0")
    host.install("1.1")
    version = host.app / "releases/1.0/.version"
    version.unlink()
    (host.root / "secret").write_text("secret")
    version.symlink_to(host.root / "secret")

    assert host.go_back().stdout == "running 1.0 from /srv/app/releases/1.0\n"


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


@pytest.mark.parametrize(
    "name", [".history", ".current.new/file", ".lock", ".history.new", "releases/2.0", "releases"]
)
def test_what_is_in_the_way_is_said_in_one_line_with_how_the_host_stands(host: Host, name: str) -> None:
    """A folder where a file should be, and a file where a folder should."""
    if name != "releases":
        host.install("1.0")
    way = host.app / name
    way.parent.mkdir(parents=True, exist_ok=True)
    if name.startswith("releases"):
        way.write_text("in the way")
    else:
        way.unlink(missing_ok=True)
        way.mkdir(parents=True)
    done = host.install("2.0")

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.endswith("; nothing was changed")
    if name != "releases":
        assert str(way).removesuffix("/file") in line
        assert host.current == "1.0"


def test_what_nobody_foresaw_after_the_switch_is_told_with_what_is_current(host: Host) -> None:
    for version in ("1.0", "1.1"):
        host.install(version)
    note = '"$DESTDIR/srv/app/.going-back"'
    done = host.go_back(restart=f"rm {note}; mkdir {note}")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("; 1.0 is current")
