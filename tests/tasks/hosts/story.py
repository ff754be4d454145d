"""What is done to a host, step by step, and what each step comes to, in the same words for both kinds."""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from tests.tasks.hosts.host import Done, Host

INSTALL_TO = "/srv/app"

# Restarts, by what they do and the language that does it. A service writes down what it was started with, and
# does not start with what is bad.
RESTARTS: Mapping[str, Mapping[str, str]] = {
    "": {"sh": "", "powershell": ""},
    "service": {
        "sh": 'content="$(cat "$DESTDIR/srv/app/current/content")"; echo "$content" >>"$DESTDIR/started"; '
        'case "$content" in *bad*) exit 3;; esac',
        "powershell": '$content = [IO.File]::ReadAllText("$env:DESTDIR/C/srv/app/current/content"); '
        '[IO.File]::AppendAllText("$env:DESTDIR/started", "$content`n"); '
        'if ($content -match "bad") { exit 3 }',
    },
    "hangs": {
        "sh": 'case "$(cat "$DESTDIR/srv/app/current/content")" in *bad*) echo hangs; sleep 60;; esac',
        "powershell": 'if ([IO.File]::ReadAllText("$env:DESTDIR/C/srv/app/current/content") -match "bad") '
        '{ "hangs"; Start-Sleep 60 }',
    },
    "waits": {
        "sh": 'echo waits >>"$DESTDIR/started"; until [ -e "$DESTDIR/go" ]; do sleep 0.1; done',
        "powershell": '[IO.File]::AppendAllText("$env:DESTDIR/started", "waits`n"); '
        'while (-not [IO.File]::Exists("$env:DESTDIR/go")) { Start-Sleep -Milliseconds 100 }',
    },
    "nothing starts": {
        "sh": 'echo tried >>"$DESTDIR/started"; false',
        "powershell": '[IO.File]::AppendAllText("$env:DESTDIR/started", "tried`n"); exit 1',
    },
}

# Where a line has the words of some program, or of .NET.
REASON = re.compile(r"(could not be (?:unpacked|written|fetched from \S+)) \(.*\)")

# What a kind of host keeps for itself beside releases, the link and their history.
OWN = {".lock", ".restart.ps1", ".restart.log", ".restart.back.log"}


@dataclass(frozen=True)
class Stands:
    """How the install folder of a host stands.

    Args:
        current: The name of the folder that the link leads to, or what is there in its place.
        releases: What is in every release's folder, by path.
        started: What was started, in order.
        beside: Whatever else is there.
    """

    current: str
    releases: Mapping[str, str]
    history: tuple[str, ...]
    started: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return sorted({PurePosixPath(path).parts[0] for path in self.releases})


@dataclass(frozen=True)
class Account:
    """One step.

    Args:
        verdict: The last line that it printed, on standard error if it failed.
    """

    step: str
    code: int
    verdict: str
    stands: Stands


class Story:
    """Steps on one host, and their accounts in order."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.accounts: list[Account] = []

    def install(
        self, version: str, contents: str = "", restart: str = "", keep: int = 5, **values: str
    ) -> Account:
        """Install a release whose one file has *contents*, by default its version."""
        script = self.install_script(version, contents, restart, keep, **values)
        return self.step(f"install {version!r} {contents!r} {restart} keep {keep}", script)

    def install_script(
        self,
        version: str,
        contents: str = "",
        restart: str = "",
        keep: int = 5,
        before: str = "",
        **values: str,
    ) -> Path:
        if "sha256" not in values:
            values["sha256"] = self.host.release(contents or version)
        values.setdefault("facts", json.dumps({"version": version}))
        return self.host.script(version, before, restart=self.restart(restart), keep=str(keep), **values)

    def go_back(self, to: str = "", leaving: str = "", restart: str = "") -> Account:
        return self.step(f"go back {to!r} {leaving!r} {restart}", self.back_script(to, leaving, restart))

    def back_script(self, to: str = "", leaving: str = "", restart: str = "") -> Path:
        return self.host.back_script(to, leaving=leaving, restart=self.restart(restart))

    def answered(self, version: str) -> Account:
        """Note that a version has answered its status check."""
        return self.step(f"answered {version!r}", self.host.answered_script(version))

    def record(self) -> Account:
        """Ask what is current."""
        return self.step("record", self.host.record_script())

    def step(self, words: str, script: Path) -> Account:
        return self.over(words, self.host.run(script))

    def over(self, words: str, done: Done) -> Account:
        account = Account(words, done.returncode, self.verdict(done), self.stands)
        self.accounts.append(account)
        return account

    def alone(self, words: str, script: Path, *shell: str) -> Account:
        """Run it in a process of its own, as a process alone can be killed, or be short of something."""
        return self.over(words, self.host.run(script, *shell, *self.host.shell))

    def changes(self, words: str, change: Callable[[Path], object]) -> None:
        """Let somebody else change the install folder."""
        change(self.host.app)
        self.accounts.append(Account(words, 0, "", self.stands))

    def restart(self, word: str) -> str:
        return RESTARTS[word][self.host.language.name]

    def verdict(self, done: Done) -> str:
        lines = (done.stderr if done.returncode else done.stdout).splitlines() or [""]
        words = REASON.sub(r"\1 (WHY)", lines[-1]).replace(self.host.server, "SERVER")
        for place in (str(self.host.app), self.host.language.install_to):
            words = words.replace(place, INSTALL_TO)
        return words.replace("\\", "/")

    @property
    def stands(self) -> Stands:
        app = self.host.app
        history = app / ".history"
        started = self.host.root / "started"
        releases = app / "releases"
        entries = sorted(path.name for path in app.iterdir()) if app.is_dir() else []
        return Stands(
            current=current_of(app / "current"),
            releases=contents(releases) if releases.is_dir() else {},
            history=tuple(last_part(line) for line in lines_of(history)),
            started=tuple(lines_of(started)),
            beside=tuple(name for name in entries if name not in OWN | {"current", "releases", ".history"}),
        )


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def last_part(path: str) -> str:
    """Return the name at the end of a path of either kind."""
    return PureWindowsPath(path).name


def current_of(link: Path) -> str:
    if not link.is_symlink():
        return "a folder" if link.is_dir() else "a file" if link.exists() else ""
    name = last_part(str(link.readlink()))
    return name if link.is_dir() else f"{name}, which is not there"


def contents(folder: Path) -> dict[str, str]:
    """Return all that is in a folder, by path: texts, and what links and empty folders are."""
    found: dict[str, str] = {}
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if here == folder:
            # What a killed run leaves has no name that tells anything.
            left = {each for each in folders + files if each.startswith(".in")}
            found.update(dict.fromkeys([".incoming"] if left else [], "left"))
            folders[:] = sorted(set(folders) - left)
        else:
            left = set()
        for name in {*files, *(each for each in folders if (here / each).is_symlink())} - left:
            path = here / name
            text = f"-> {path.readlink()}" if path.is_symlink() else path.read_text("utf-8", "replace")
            found[str(path.relative_to(folder))] = text
        if not folders and not files:
            found[str(here.relative_to(folder))] = "nothing in it"
    found.pop(".", None)
    return found
