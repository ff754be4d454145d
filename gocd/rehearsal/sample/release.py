"""Pack the sample application into the release archives that a rehearsal deploys."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from pathlib import Path

from gocd.errors import GoCDError

BREAKAGES = ("starts-not", "answers-500", "users-get-500", "errors-at-first", "wrong-version")
# As much as a file name has room for.
LONGEST_VERSION = 200
HERE = Path(__file__).parent
IMPORTED = re.compile(r"^from gocd\.rehearsal\.sample\.(\w+) import .*\n", re.MULTILINE)
OF_A_FILE = "from __future__ import annotations\n"

# For --via codedeploy. The agent of a real instance knows no DESTDIR, and means its own root.
APPSPEC = """\
version: 0.0
os: linux
files:
  - source: /
    destination: /srv/app/releases/{version}
hooks:
  ApplicationStop:
    - location: scripts/stop.sh
      timeout: 300
  AfterInstall:
    - location: scripts/switch.sh
      timeout: 300
  ApplicationStart:
    - location: scripts/start.sh
      timeout: 300
  ValidateService:
    - location: scripts/validate.sh
      timeout: 300
"""
SCRIPTS = {
    "stop.sh": "systemctl stop app",
    "switch.sh": 'ln -sfn releases/{version} "$DESTDIR/srv/app/current"',
    "start.sh": "systemctl restart app",
    "validate.sh": "systemctl is-active app",
}


def check_version(version: str) -> None:
    """Raise GoCDError if *version* cannot be part of a file name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", version) or len(version) > LONGEST_VERSION:
        raise GoCDError(f"{version!r} is not a version: use letters, digits and . _ + -")


def service_program() -> bytes:
    """The service in one file: what it imports of this project stands where it does so."""

    def imported(found: re.Match[str]) -> str:
        return (HERE / f"{found[1]}.py").read_text(encoding="utf-8").replace(OF_A_FILE, "", 1)

    return IMPORTED.sub(imported, (HERE / "service.py").read_text(encoding="utf-8")).encode()


def build_release(version: str, folder: Path, *, broken: str | None = None) -> Path:
    """Write ``app-<version>.tar.gz`` into *folder*, the same bytes each time, and return its path.

    Args:
        version: What the service will report; letters, digits and ``. _ + -``.
        folder: Made if it is missing.
        broken: One of ``BREAKAGES``, for a release that goes wrong.

    Raises:
        GoCDError: *version* cannot be part of a file name, or *broken* is not a known breakage.
    """
    check_version(version)
    if broken is not None and broken not in BREAKAGES:
        raise GoCDError(f"{broken!r} is not a breakage: use one of {', '.join(BREAKAGES)}")
    files = {
        "VERSION": f"{version}\n".encode(),
        "service.py": service_program(),
        "appspec.yml": APPSPEC.format(version=version).encode(),
    }
    for name, line in SCRIPTS.items():
        files[f"scripts/{name}"] = f"#!/bin/sh\n{line.format(version=version)}\n".encode()
    if broken:
        files["BROKEN"] = f"{broken}\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"app-{version}.tar.gz"
    archive.write_bytes(_packed(files))
    return archive


def _packed(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    # No file name and no time in either header, or no two archives would be alike.
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
