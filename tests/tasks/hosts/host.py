"""An instance for the scripts of --via ssm: a folder, a real shell, and a real file server to fetch from."""

import gzip
import json
import os
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

from tasks.archives.archive import sha256
from tasks.deployers.ssm import GO_BACK, INSTALL

Done = subprocess.CompletedProcess[str]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


@dataclass(frozen=True)
class Language:
    """What the scripts of a host are written in.

    Args:
        write: Puts the steps and their values together.
        encode: Makes of that what is in a script's file.
        install_to: An install folder, and *app* the same below the host's root.
        command: The words that run a script, its path appended.
    """

    name: str
    ending: str
    write: Callable[[Sequence[str], Mapping[str, str]], str]
    encode: Callable[[str], bytes]
    install_to: str
    app: str
    command: Sequence[str]


class Host:
    """A root folder, and a shell that runs the scripts there as the SSM agent does.

    Args:
        shell: The command that runs a script, its path appended.
        path: Where commands are found.
        server: The name and port of what releases are fetched from.
    """

    def __init__(self, folder: Path, url: str, language: Language) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        self.served = folder / "served"
        self.served.mkdir()
        self.language = language
        self.shell = [*language.command]
        self.path = os.environ["PATH"]
        self.server = url.removeprefix("http://")

    def release(self, text: str) -> str:
        """Serve a release whose one file holds *text*; return its checksum."""
        packed = BytesIO()
        with (
            gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as tar,
        ):
            info = tarfile.TarInfo("content")
            info.size = len(text.encode())
            tar.addfile(info, BytesIO(text.encode()))
        return self.serve(packed.getvalue())

    def serve(self, archive: bytes) -> str:
        path = self.served / "app"
        path.write_bytes(archive)
        with path.open("rb") as file:
            return sha256(file)

    def script(self, version: str, before: str = "", **values: str) -> Path:
        given = {
            "url": f"http://{self.server}/app",
            "sha256": values.pop("sha256", None) or self.release(version),
            "kind": "tar",
            "version": version,
            "install_to": self.language.install_to,
            "restart": "",
            "restart_within": "",
            "within": "60",
            "mark": "",
            "keep": "5",
            "owner": "",
            "asked": "",
            "misread": "",
            "made": "202611262110.30",
            "facts": json.dumps({"version": version}),
            **values,
        }
        return self._script(before, INSTALL, given)

    def back_script(self, to: str = "", before: str = "", **values: str) -> Path:
        given = {
            "install_to": self.language.install_to,
            "restart": "",
            "restart_within": "",
            "within": "60",
            "mark": "",
            "to": to,
            "leaving": "",
            **values,
        }
        return self._script(before, GO_BACK, given)

    def record_script(self) -> Path:
        return self._script("", ["read_record"], {"install_to": self.language.install_to, "mark": ""})

    def answered_script(self, version: str) -> Path:
        values = {"install_to": self.language.install_to, "mark": "", "version": version}
        return self._script("", ["answered"], values)

    def install(self, version: str, **values: str) -> Done:
        return self.run(self.script(version, **values))

    def go_back(self, to: str = "", **values: str) -> Done:
        return self.run(self.back_script(to, **values))

    def record(self) -> Done:
        return self.run(self.record_script())

    def run(self, script: Path, *shell: str) -> Done:
        return subprocess.run(
            [*(shell or self.shell), script.name],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self, script: Path) -> subprocess.Popen[str]:
        """Start a script by itself, in a group of its own, and do not wait for it."""
        return subprocess.Popen(
            [*self.shell, script.name],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": self.path, "DESTDIR": str(self.root), "LANG": "C.UTF-8"}

    def written(self, text: str) -> Path:
        script = self.root / f"_script.{self.language.ending}"
        script.write_bytes(self.language.encode(text))
        return script

    def _script(self, before: str, steps: Sequence[str], values: Mapping[str, str]) -> Path:
        return self.written(before + self.language.write(steps, values))

    @property
    def app(self) -> Path:
        return self.root / self.language.app

    @property
    def current(self) -> str:
        return (self.app / "current/content").read_text()

    @property
    def releases(self) -> list[str]:
        return sorted(path.name for path in (self.app / "releases").iterdir())

    @property
    def history(self) -> list[str]:
        return [Path(line).name for line in (self.app / ".history").read_text().splitlines()]


def gone(host: Host, name: str) -> bool:
    """Whether the process has ended that noted its id in a file."""
    stat = Path(f"/proc/{(host.root / f'{name}.pid').read_text().strip()}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@contextmanager
def running(folder: Path, language: Language, kind: type[Host] = Host) -> Iterator[Host]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "served")))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield kind(folder, f"http://127.0.0.1:{server.server_port}", language)
    finally:
        server.shutdown()
        server.server_close()


def zip_of(files: dict[str, tuple[int, bytes]]) -> bytes:
    """Pack names with their modes and contents."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (mode, content) in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return packed.getvalue()


def tar_of_links(links: Mapping[str, str]) -> bytes:
    """Pack symbolic links, by name what each leads to."""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return packed.getvalue()
