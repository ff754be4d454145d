"""A Linux host for the scripts of --via ssm: a folder and a real shell."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tasks.hosts.script import shell_script
from tests.tasks.hosts.host import Host, Language, running

SHELL = Language("sh", "sh", shell_script, str.encode, "/srv/app", "srv/app", ["sh"])


def tools(host: Host, *names: str, without: Sequence[str] = ()) -> None:
    """Leave the host with the system's own commands less those that unpack a zip, and *names* of them."""
    folder = host.root / "tools"
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for path in Path(place).iterdir():
            link = folder / path.name
            missing = path.name in ("unzip", "bsdtar", "python3", "curl", "wget") and path.name not in names
            missing = missing or path.name in without
            if not missing and not link.exists() and not link.is_symlink():
                link.symlink_to(path)
    host.path = str(folder)


@contextmanager
def running_host(folder: Path) -> Iterator[Host]:
    with running(folder, SHELL) as host:
        yield host
