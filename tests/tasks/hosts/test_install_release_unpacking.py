"""What comes out of an archive on a host: the same names, modes and times, whatever unpacks it there."""

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tasks.archives.names import NAME, READ_ALIKE
from tests.tasks.hosts.bash_host import running_host, tools
from tests.tasks.hosts.host import Host, zip_of
from tests.tasks.hosts.story import Story
from tests.tasks.hosts.twins import on_both

UNZIPPERS = ("unzip", "python3")
FILE, FOLDER = stat.S_IFREG, stat.S_IFDIR

# What host.py gives a release for a time, 2026-11-26 21:10:30 UTC.
MADE = 1_795_727_430


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with running_host(tmp_path) as host:
        yield host


def install(host: Host, content: bytes, kind: str = "zip", **values: str) -> Path:
    done = host.install("1.0", kind=kind, sha256=host.serve(content), **values)
    assert done.returncode == 0, done.stderr
    return host.app / "current"


def modes(folder: Path) -> dict[str, str]:
    paths = sorted(
        path for path in folder.rglob("*") if path.name not in ("release.json", ".version", ".sha256")
    )
    return {str(path.relative_to(folder)): oct(stat.S_IMODE(path.lstat().st_mode)) for path in paths}


def tar_of(modes: dict[str, int], mtime: int = 0) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, mode in modes.items():
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.mode, info.mtime = mode, mtime
            archive.addfile(info)
    return packed.getvalue()


@pytest.mark.parametrize("tool", UNZIPPERS)
def test_programs_links_and_names_in_a_zip_are_what_they_were(host: Host, tool: str) -> None:
    tools(host, tool, "curl")
    files = {
        "bin/app": (FILE | 0o755, b"1.0"),
        "bin/current": (stat.S_IFLNK | 0o777, b"app"),
    }
    app = install(host, zip_of(files)) / "bin/app"

    assert os.access(app, os.X_OK)
    assert (app.parent / "current").readlink() == Path("app")


@pytest.mark.parametrize("tool", UNZIPPERS)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_name_in_utf_8_is_itself_in_every_locale(host: Host, tool: str, locale: str) -> None:
    tools(host, tool, "curl")
    for kind, content in READ_ALIKE.items():
        misread = kind == "said to be UTF-8, of DOS"
        values = {"sha256": host.serve(content), "misread": "yes" if misread else ""}
        script = host.script(kind, f"export LC_ALL={locale}\n", kind="zip", **values)
        done = host.run(script)
        if misread and tool == "unzip":
            assert done.stderr == (
                "this instance has neither python3 nor bsdtar, and its unzip would change names of the "
                "release: send a .tar.gz; nothing was changed\n"
            )
        else:
            assert (done.returncode, done.stderr) == (0, ""), kind
            assert (host.app / "current" / NAME).read_text() == "1.0", kind


@on_both
def test_a_name_in_utf_8_is_itself_on_both_kinds_of_host(story: Story) -> None:
    for kind, content in READ_ALIKE.items():
        done = story.install(kind, kind="zip", sha256=story.host.serve(content))
        assert done.stands.releases[f"{kind}/{NAME}"] == "1.0"


MODES = {"lib/": 0o666, "lib/x.js": 0o644, "key": 0o600, "sealed": 0o400, "own/": 0o700, "own/tool": 0o700}


@pytest.mark.parametrize("kind", ["tar", "unzip", "python3"])
def test_modes_stay_and_a_folder_that_may_be_read_may_be_entered(host: Host, kind: str) -> None:
    if kind == "tar":
        current = install(host, tar_of(MODES), "tar")
    else:
        tools(host, kind, "curl")
        files = {name: ((FOLDER if name.endswith("/") else FILE) | mode, b"") for name, mode in MODES.items()}
        current = install(host, zip_of(files))

    assert modes(current) == {
        "lib": "0o755",
        "lib/x.js": "0o644",
        "key": "0o600",
        "sealed": "0o400",
        "own": "0o700",
        "own/tool": "0o700",
    }


@on_both
def test_what_was_packed_without_a_time_gets_that_of_the_release(story: Story) -> None:
    """What a conditional GET compares, and what zipfile can pack again."""
    packed = {
        "1970": ("tar", tar_of({"content": 0o444})),
        "1980": ("zip", zip_of({"content": (FILE | 0o444, b"")})),
        "1985": ("tar", tar_of({"content": 0o444}, 499_162_500)),
    }
    for year, (kind, content) in packed.items():
        story.install(year, kind=kind, sha256=story.host.serve(content))
        assert (story.host.app / "releases" / year / "content").stat().st_mtime == MADE


def test_what_was_packed_with_its_time_keeps_it(host: Host) -> None:
    current = install(host, tar_of({"app": 0o644}, 1_500_000_000), "tar")

    assert (current / "app").stat().st_mtime == 1_500_000_000


@pytest.mark.parametrize("tool", UNZIPPERS)
def test_a_file_in_a_zip_keeps_the_time_that_its_zip_tells(host: Host, tool: str) -> None:
    tools(host, tool, "curl")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app", (2017, 7, 14, 2, 40, 0)), b"")
    script = host.script("1.0", "export TZ=UTC0\n", kind="zip", sha256=host.serve(packed.getvalue()))

    assert host.run(script).returncode == 0
    assert (host.app / "current/app").stat().st_mtime == 1_500_000_000


def test_why_python_could_not_unpack_a_zip_is_said(host: Host) -> None:
    tools(host, "python3", "curl")
    done = host.install("1.0", kind="zip", sha256=host.serve(b"no zip"))

    assert done.stderr == (
        "the release could not be unpacked (BadZipFile: File is not a zip file); nothing was changed\n"
    )
