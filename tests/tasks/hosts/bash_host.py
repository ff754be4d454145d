"""A Linux host for the scripts of --via ssm: a folder and a real shell."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.hosts.script import shell_script
from tests.tasks.hosts.host import Host, Language, running

SHELL = Language("sh", "sh", shell_script, str.encode, "/srv/app", "srv/app", ["sh"])


@contextmanager
def running_host(folder: Path) -> Iterator[Host]:
    with running(folder, SHELL) as host:
        yield host
