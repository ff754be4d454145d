"""The script that runs on an instance, run here for real: in a folder, against a real file server."""

import json
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest

from tasks.archive import sha256
from tasks.via_ssm import assignments

SCRIPT = files("tasks").joinpath("install_release.sh").read_text(encoding="utf-8")

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


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


class Host:
    """An instance: a root folder, and a shell that runs the script there as the SSM agent does."""

    def __init__(self, folder: Path, url: str) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        self.served = folder / "served"
        self.served.mkdir()
        self._url = url

    def release(self, text: str) -> str:
        """Serve a release whose one file holds *text*; return its checksum."""
        path = self.served / "app.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            info = tarfile.TarInfo("content")
            info.size = len(text.encode())
            tar.addfile(info, BytesIO(text.encode()))
        return sha256(path)

    def install(self, version: str, **values: str) -> subprocess.CompletedProcess[str]:
        given = {
            "url": f"{self._url}/app.tar.gz",
            "sha256": values.pop("sha256", None) or self.release(version),
            "version": version,
            "install_to": "/srv/app",
            "restart": "",
            "keep": "5",
            "facts": json.dumps({"version": version}),
            **values,
        }
        script = self.root / "_script.sh"
        script.write_text(f"{assignments(given)}\n{SCRIPT}", encoding="utf-8")
        return subprocess.run(
            ["sh", script.name],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "DESTDIR": str(self.root), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def app(self) -> Path:
        return self.root / "srv/app"

    @property
    def current(self) -> str:
        return (self.app / "current/content").read_text()

    @property
    def releases(self) -> list[str]:
        return sorted(path.name for path in (self.app / "releases").iterdir())


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served")))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Host(tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def test_a_release_becomes_current_with_its_facts(host: Host) -> None:
    done = host.install("1.0")

    assert done.returncode == 0, done.stderr
    assert host.current == "1.0"
    assert (host.app / "current").readlink() == Path("releases/1.0")
    assert json.loads((host.app / "current/release.json").read_text())["version"] == "1.0"


def test_the_same_again_changes_nothing_and_needs_no_download(host: Host) -> None:
    digest = host.release("1.0")
    host.install("1.0", sha256=digest)
    (host.served / "app.tar.gz").unlink()

    assert host.install("1.0", sha256=digest).returncode == 0
    assert host.releases == ["1.0"]


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
    (host.served / "app.tar.gz").unlink()
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


def test_leftovers_of_a_killed_run_are_swept_away(host: Host) -> None:
    (host.app / "releases/.incoming.abc123").mkdir(parents=True)
    host.install("1.0")

    assert host.releases == ["1.0"]


def test_only_so_many_releases_are_kept_and_never_less_than_a_rollback_needs(host: Host) -> None:
    for version in ("1.0", "1.1", "1.2", "1.3"):
        assert host.install(version, keep="2").returncode == 0

    assert host.releases == ["1.2", "1.3"]


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
