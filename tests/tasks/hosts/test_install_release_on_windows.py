"""The script that installs a release on Windows, run here for real: in a folder, by a real PowerShell."""

import fcntl
import io
import json
import re
import stat
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from tests.tasks.hosts.host import Host, zip_of
from tests.tasks.hosts.powershell_host import needs_powershell, running_powershell_host
from tests.tasks.hosts.powershell_worker import Worker

pytestmark = needs_powershell


@pytest.fixture
def host(worker: Worker, tmp_path: Path) -> Iterator[Host]:
    with worker.host(tmp_path) as host:
        yield host


def test_a_release_becomes_current_in_a_powershell_started_as_the_agent_starts_it(tmp_path: Path) -> None:
    with running_powershell_host(tmp_path) as host:
        done = host.install("1.0")
        app, current = host.app, host.current

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "running 1.0 from C:\\srv\\app\\releases\\1.0\n"
    assert ((app / "current").readlink(), current) == (app / "releases/1.0", "1.0")
    assert json.loads((app / "current/release.json").read_text())["version"] == "1.0"


def test_what_is_current_is_read_and_gone_back_from(host: Host) -> None:
    for version in ("1.0", "1.1"):
        assert host.install(version).returncode == 0

    assert (host.current, host.history) == ("1.1", ["1.0", "1.1"])
    assert host.record().stdout == 'record {"version": "1.1"} \n'
    assert host.go_back().stdout == "running 1.0 from C:\\srv\\app\\releases\\1.0\n"
    assert host.current == "1.0"


def laid_out(host: Host, *versions: str, current: str, history: list[str]) -> None:
    """Leave the host as deployments of these versions would have, in their order."""
    for version in versions:
        folder = host.app / "releases" / version
        folder.mkdir(parents=True)
        (folder / "content").write_text(version)
        (folder / ".version").write_text(version)
    (host.app / "current").symlink_to(host.app / "releases" / current)
    (host.app / ".history").write_text("".join(f"{name}\n" for name in history))


def one_line(error: str) -> str:
    [line] = error.splitlines()
    return line


def test_as_many_releases_are_kept_as_asked_for_and_leftovers_of_killed_runs_go(host: Host) -> None:
    laid_out(host, "0.9", "1.0", "1.1", current="1.0", history=["0.9", "1.0", "1.1"])
    for name in (".incoming.0123456789abcdef", ".in-0123"):
        held = host.app / "releases" / name / "folder"
        held.mkdir(parents=True)
        (held / "file").write_text("read-only")
        (held / "file").chmod(0o444)
        (held / "outside").symlink_to(host.app / "releases/1.0")
        # What a read-only file is to Windows, this is to anyone but root here.
        held.chmod(0o555)
    (host.app / "releases/.in-0123.archive").write_text("half")
    done = host.install("1.2", keep="4")

    assert (done.returncode, done.stderr) == (0, "")
    assert host.history == ["0.9", "1.0", "1.2"]
    assert host.releases == ["0.9", "1.0", "1.1", "1.2"]
    assert (host.app / "releases/1.0/content").read_text() == "1.0"

    assert host.install("1.3", keep="2").returncode == 0
    assert host.releases == ["1.2", "1.3"]


def test_a_release_cannot_have_its_facts_written_elsewhere(host: Host) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, kind in [
            ("content", tarfile.REGTYPE),
            ("release.json", tarfile.DIRTYPE),
            ("release.json/file", tarfile.REGTYPE),
            (".version", tarfile.REGTYPE),
            (".sha256", tarfile.SYMTYPE),
        ]:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.linkname = kind, 0o555, "content"
            info.size = 3 if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(b"1.0"))
    digest = host.serve(packed.getvalue())
    done = host.install("1.0", sha256=digest)

    assert (done.returncode, done.stderr) == (0, "")
    assert host.current == "1.0"
    assert json.loads((host.app / "current/release.json").read_text()) == {"version": "1.0"}
    assert (host.app / "current/.sha256").read_text() == digest


def test_a_zip_is_unpacked_with_every_name_in_it(host: Host) -> None:
    names = ["content", "a folder/with a folder/a file", "gr\u00fc\u00dfe/\u65e5\u672c", "[x]/$(y)/`z`"]
    content = zip_of(dict.fromkeys(names, (stat.S_IFREG | 420, b"1.0")))
    done = host.install("1.0", kind="zip", sha256=host.serve(content))

    assert (done.returncode, done.stderr) == (0, "")
    assert [(host.app / "current" / name).read_text() for name in names] == ["1.0"] * 4


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("zip", b"PK no zip at all" * 9, "central directory"),
        ("zip", zip_of({"../outside": (stat.S_IFREG | 0o644, b"x")}), "outside"),
        ("tar", b"no tar at all", "archive"),
    ],
    ids=["no zip", "a way out", "no tar"],
)
def test_why_a_release_could_not_be_unpacked_is_said_in_one_line(
    host: Host, kind: str, content: bytes, said: str
) -> None:
    laid_out(host, "1.0", current="1.0", history=["1.0"])
    done = host.install("2.0", kind=kind, sha256=host.serve(content))

    assert done.returncode == 1
    line = one_line(done.stderr)
    assert line.startswith("the release could not be unpacked (")
    assert said in line.lower()
    assert line.endswith("); nothing was changed")
    assert host.releases == ["1.0"]
    assert not list(host.app.rglob("outside"))


@pytest.mark.exhaustive
def test_a_disk_that_is_full_is_said_and_nothing_is_left_of_the_release(host: Host) -> None:
    """A file may have no more than 50 KB here, which a program hears of in the same call as a full disk."""
    laid_out(host, "1.0", current="1.0", history=["1.0"])
    script = host.script("2.0", sha256=host.release("0" * 100_000))
    # Without it .NET begins with a file of gigabytes in memory.
    limited = "trap '' XFSZ; ulimit -f 100; export DOTNET_EnableWriteXorExecute=0; exec powershell.exe -f $0"
    done = host.run(script, "sh", "-c", limited)

    assert done.returncode == 1
    assert one_line(done.stderr).startswith("the release could not be unpacked (")
    assert one_line(done.stderr).endswith("; nothing was changed")
    assert (host.releases, host.current) == (["1.0"], "1.0")


@pytest.mark.parametrize("name", [".history", ".current.new/file", "releases/2.0", "releases"])
def test_what_is_in_the_way_is_said_in_one_line_with_how_the_host_stands(host: Host, name: str) -> None:
    """A folder where a file should be, and a file where a folder should."""
    if name.startswith("releases"):
        host.app.mkdir(parents=True)
        if name != "releases":
            laid_out(host, "1.0", current="1.0", history=["1.0"])
        (host.app / name).write_text("in the way")
    else:
        laid_out(host, "1.0", current="1.0", history=[])
        (host.app / ".history").unlink()
        (host.app / name).mkdir(parents=True)
    done = host.install("2.0")

    assert done.returncode == 1
    line = one_line(done.stderr)
    assert Path(name).parts[0].removeprefix("releases") in line
    assert line.endswith("; nothing was changed")
    if name != "releases":
        assert host.current == "1.0"
        assert not list((host.app / "releases").glob(".in*"))


def test_what_nobody_foresaw_after_the_switch_is_told_with_what_is_current(host: Host) -> None:
    laid_out(host, "1.0", "1.1", current="1.1", history=["1.0", "1.1"])
    note = "$env:DESTDIR/C/srv/app/.going-back"
    done = host.go_back(restart=f"Remove-Item -Force {note}; New-Item -ItemType Directory {note} | Out-Null")

    assert done.returncode == 1
    assert one_line(done.stderr).endswith("; 1.0 is current")


@pytest.mark.parametrize("seconds", [1.5, 30])
def test_a_file_that_a_reader_holds_is_waited_for_some_seconds(host: Host, seconds: float) -> None:
    laid_out(host, "1.0", current="1.0", history=["1.0"])
    with (host.app / ".history").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        letting_go = threading.Timer(seconds, fcntl.flock, (file, fcntl.LOCK_UN))
        letting_go.start()
        done = host.install("2.0")
        letting_go.cancel()

    if seconds < 5:
        assert (done.returncode, host.current) == (0, "2.0")
    else:
        assert (done.returncode, host.current) == (1, "1.0")
        line = one_line(done.stderr)
        assert "being used by another process" in line
        assert line.endswith("; nothing was changed")


def test_a_current_that_leads_nowhere_is_replaced(host: Host) -> None:
    laid_out(host, "1.0", "1.2", current="1.1", history=["1.0", "1.1", "1.2"])

    assert host.install("1.1").returncode == 0
    assert (host.current, host.history) == ("1.1", ["1.0", "1.1", "1.2"])
    assert host.go_back().stdout.startswith("running 1.0 ")


def test_a_release_that_was_laid_out_by_other_means_is_gone_back_to(host: Host) -> None:
    other = host.app / "other/0.9"
    other.mkdir(parents=True)
    (other / "content").write_text("0.9")
    (host.app / "current").symlink_to("other/0.9")
    assert host.install("1.0").returncode == 0

    assert host.go_back().stdout == f"running 0.9 from {other}\n"
    assert host.current == "0.9"


@pytest.mark.exhaustive
def test_a_deployment_that_is_at_work_is_waited_for_as_long_as_there_is_time(host: Host) -> None:
    begun = host.root / "begun"
    restart = f"New-Item -ItemType File '{begun}' | Out-Null; Start-Sleep 5"
    script = host.script("1.0", restart=restart)
    first = script.rename(host.root / "first.ps1")
    with ThreadPoolExecutor() as threads:
        running = threads.submit(host.run, first, *host.language.command)
        while not running.done() and not begun.exists():
            wait([running], 0.1)
        second = host.go_back(within="6")
        assert running.result().returncode == 0, running.result().stderr

    assert second.returncode == 1
    words = r"another deployment has been at work in C:\\srv\\app for [23] s; nothing was changed"
    assert re.fullmatch(words, one_line(second.stderr))
    assert host.install("1.1").returncode == 0
