"""A release of many small files on both kinds of host: ``python tests/benchmarks/unpack_releases.py``.

PowerShell may take three seconds more than sh, its own start among them; the quickest of three runs counts.
"""

import stat
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path

from tests.tasks.hosts.bash_host import running_host
from tests.tasks.hosts.host import Host, zip_of
from tests.tasks.hosts.powershell_host import running_powershell_host

FILES = 4000
MORE = 3.0
RUNS = 3

Make = Callable[[Path], AbstractContextManager[Host]]

# In folders of forty, as a site's pages or a program's modules are.
NAMES = [f"folder {number // 40}/file-{number}.txt" for number in range(FILES)]


def small_zip() -> bytes:
    return zip_of({name: (stat.S_IFREG | 0o644, name.encode() * 20) for name in NAMES})


def small_tar() -> bytes:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in NAMES:
            info = tarfile.TarInfo(name)
            info.size = len(name) * 20
            archive.addfile(info, BytesIO(name.encode() * 20))
    return packed.getvalue()


def seconds(make: Make, kind: str, archive: bytes) -> float:
    """Return what an installation took on a new host, with all files in their places."""
    with tempfile.TemporaryDirectory(prefix="unpack-") as folder, make(Path(folder)) as host:
        script = host.script("1.0", kind=kind, sha256=host.serve(archive))
        begun = time.monotonic()
        done = host.run(script)
        took = time.monotonic() - begun
        found = sum(path.is_file() for path in (host.app / "current/").rglob("file-*.txt"))
        if done.returncode or found != FILES:
            sys.exit(f"{found} of {FILES} files: {done.stderr}")
        return took


def main() -> None:
    slow = []
    for kind, archive in (("zip", small_zip()), ("tar", small_tar())):
        shell = min(seconds(running_host, kind, archive) for _ in range(RUNS))
        powershell = min(seconds(running_powershell_host, kind, archive) for _ in range(RUNS))
        sys.stdout.write(f"{kind} of {FILES} files: sh {shell:.1f} s, PowerShell {powershell:.1f} s\n")
        if powershell > shell + MORE:
            slow.append(kind)
    if slow:
        sys.exit(f"PowerShell took more than {MORE:g} s longer: {', '.join(slow)}")


if __name__ == "__main__":
    main()
