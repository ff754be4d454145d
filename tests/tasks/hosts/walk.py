"""A random walk on both kinds of host: ``python -m tests.tasks.hosts.walk --seconds 600 --seed 1``.

After every step both stand alike and have said the same, or the walk ends with the steps that led there.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.tasks.hosts.bash_host import running_host
from tests.tasks.hosts.powershell_worker import Worker, running_worker
from tests.tasks.hosts.story import Stands, Story
from tests.tasks.hosts.twins import difference

Step = Callable[[Story], object]

VERSIONS = ("1.0", "1.1", "1.2", "2.0", "bad", "bad again", "a b", "grüße 🚀", "$(x)", "it's")

# Steps that begin with two new hosts: so many lead to a difference at most.
STEPS = 50


class Walk:
    """One walk of fixed seed, from two hosts with nothing on them."""

    def __init__(self, seed: str, shell: Story, powershell: Story) -> None:
        self._random = Random(seed)
        self._shell = shell
        self._powershell = powershell

    def steps(self, count: int) -> str:
        """Take so many steps; return the first difference with the steps that led there, or nothing."""
        for _ in range(count):
            step = self._next(self._shell.stands)
            for story in (self._shell, self._powershell):
                step(story)
            if found := difference(self._shell.accounts, self._powershell.accounts):
                return found
        return ""

    def _next(self, stands: Stands) -> Step:
        choose = self._random.choices(
            [
                self._install,
                self._again,
                self._back,
                self._back_by_name,
                self._wrong,
                self._somebody,
                self._record,
            ],
            weights=[40, 10, 20, 12, 6, 10, 2],
        )[0]
        return choose(stands)

    def _restart(self) -> str:
        return self._random.choices(["", "service", "nothing starts"], weights=[17, 2, 1])[0]

    def _install(self, _: Stands) -> Step:
        version, keep, restart = self._random.choice(VERSIONS), self._random.randint(1, 5), self._restart()
        contents = self._random.choices(["", "other", "bad other"], weights=[8, 1, 1])[0]
        return lambda story: story.install(version, contents, restart, keep)

    def _again(self, stands: Stands) -> Step:
        version = self._version(stands.current) if stands.current in stands.names else "1.0"
        return lambda story: story.install(version)

    def _back(self, _: Stands) -> Step:
        restart = self._restart()
        return lambda story: story.go_back(restart=restart)

    def _back_by_name(self, stands: Stands) -> Step:
        to = self._random.choice([*map(self._version, stands.names), "none", ""])
        leaving = self._random.choice(["", "", self._version(stands.current), "1.0"])
        restart = self._restart()
        return lambda story: story.go_back(to, leaving, restart)

    def _wrong(self, _: Stands) -> Step:
        version = self._random.choice(VERSIONS)
        if self._random.random() < 0.5:
            return lambda story: story.install(version, sha256="0" * 64)
        kind = self._random.choice(["tar", "zip"])
        return lambda story: story.install(version, kind=kind, sha256=story.host.serve(b"no archive"))

    def _record(self, _: Stands) -> Step:
        return lambda story: story.record()

    def _somebody(self, stands: Stands) -> Step:
        name = self._random.choice(stands.names or ["none"])
        what = self._random.choice(["release", "release", "current", "history", "folder", "leftover"])
        if stands.current == "a folder":
            what = "current"
        return lambda story: story.changes(f"somebody: {what} {name}", lambda app: change(app, what, name))

    def _version(self, name: str) -> str:
        return name.partition("+")[0]


def change(app: Path, what: str, name: str) -> None:
    """Do what somebody does by hand to an install folder."""
    current = app / "current"
    if what == "release":
        shutil.rmtree(app / "releases" / name, ignore_errors=True)
    elif what == "history":
        (app / ".history").unlink(missing_ok=True)
    elif what == "leftover" and app.is_dir():
        (app / "releases/.incoming.left/release").mkdir(parents=True, exist_ok=True)
    elif what in ("current", "folder") and app.is_dir():
        if current.is_symlink():
            current.unlink()
        elif current.is_dir():
            current.rmdir()
        if what == "folder":
            current.mkdir()


@contextmanager
def pair(worker: Worker) -> Iterator[tuple[Story, Story]]:
    """Two new hosts, in a folder that goes with them."""
    with tempfile.TemporaryDirectory(prefix="twins-") as name:
        folders = [Path(name) / kind for kind in ("sh", "powershell")]
        for folder in folders:
            folder.mkdir()
        with running_host(folders[0]) as shell, worker.host(folders[1]) as powershell:
            yield Story(shell), Story(powershell)


def walk(worker: Worker, seed: str, count: int) -> str:
    """Walk so many steps, with new hosts every ``STEPS``; return the first difference, or nothing."""
    for number, start in enumerate(range(0, count, STEPS)):
        with pair(worker) as (shell, powershell):
            found = Walk(f"{seed}/{number}", shell, powershell).steps(min(STEPS, count - start))
            if found:
                return f"seed {seed}, walk {number}: {found}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default=str(time.time_ns() % 1_000_000))
    given = parser.parse_args()
    sys.stdout.write(f"seed {given.seed}\n")
    until = time.monotonic() + given.seconds
    with tempfile.TemporaryDirectory(prefix="twins-") as folder, running_worker(Path(folder)) as worker:
        number = 0
        while time.monotonic() < until:
            with pair(worker) as (shell, powershell):
                if found := Walk(f"{given.seed}/{number}", shell, powershell).steps(STEPS):
                    sys.exit(f"seed {given.seed}, walk {number}: {found}")
            number += 1
            sys.stdout.write(f"{number * STEPS} steps, no difference\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
