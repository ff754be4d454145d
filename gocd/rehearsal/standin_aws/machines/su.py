"""A stand-in for su and sudo: another user's environment and shell, with the rights of whoever runs this.

On an instance this file is its ``su`` and its ``sudo``, as a program that needs nothing else; its users are
those of the instance's own ``/etc/passwd``.

Sources: su(1) of util-linux, without --login; sudoers(5), Command environment, and the settings env_reset and
secure_path as distributions have them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).absolute().parent.parent
# What sudo leaves, and what makes an instance of this stand-in.
KEPT = ("DISPLAY", "HOSTNAME", "LANG", "LS_COLORS", "MAIL", "PATH", "TERM", "TZ")
OWN = ("DESTDIR", "INSTANCE_ID", "PRIVATE_IP", "GOCD_STANDIN_AWS")
NOT_AVAILABLE = "This account is currently not available."


class User(NamedTuple):
    name: str
    uid: int
    home: str
    shell: str


def find_user(name: str, root: Path) -> User | None:
    """Find a user of the instance at *root*; a home is below it."""
    for line in (root / "etc/passwd").read_text(encoding="utf-8").splitlines():
        known, _, uid, _, _, home, shell = line.split(":")
        if known == name:
            return User(name, int(uid), str(root / home.lstrip("/")), shell or "/bin/sh")
    return None


def su(words: Sequence[str], environ: Mapping[str, str], root: Path) -> int:
    """Run a command by a user's shell, in that user's environment; returns only if that cannot be."""
    given = list(words)
    login, preserve, command, shell, rest = False, False, None, "", []
    while given:
        word = given.pop(0)
        if word in ("-c", "--command") and given:
            command = given.pop(0)
        elif word in ("-s", "--shell") and given:
            shell = given.pop(0)
        elif word in ("-", "-l", "--login"):
            login = True
        elif word in ("-m", "-p", "--preserve-environment"):
            preserve = True
        else:
            rest.append(word)
    name, *arguments = rest or ["root"]
    user = find_user(name, root)
    if user is None:
        sys.stderr.write(
            f"su: user {name} does not exist or the user entry does not contain all the required fields\n"
        )
        return 1
    shell = shell or user.shell
    kept = {each: environ[each] for each in ("TERM", "PATH", *OWN) if each in environ}
    changed = kept if login else dict(environ)
    if not preserve:
        changed |= {"HOME": user.home, "SHELL": shell}
        if user.uid or login:
            changed |= {"USER": name, "LOGNAME": name}
    return become([shell, *(["-c", command] if command else []), *arguments], changed)


def sudo(words: Sequence[str], environ: Mapping[str, str], root: Path) -> int:
    """Run a command as a user, in an environment made anew; returns only if that cannot be."""
    given = list(words)
    name, keeps = "root", False
    while given and given[0].startswith("-"):
        word = given.pop(0)
        if word in ("-u", "--user") and given:
            name = given.pop(0)
        elif word in ("-E", "--preserve-env"):
            keeps = True
        elif word == "--":
            break
    variables = {}
    while given and "=" in given[0]:
        key, _, value = given.pop(0).partition("=")
        variables[key] = value
    user = find_user(name, root)
    if user is None:
        sys.stderr.write(f"sudo: unknown user {name}\nsudo: error initializing audit plugin sudoers_audit\n")
        return 1
    if not given:
        sys.stderr.write("usage: sudo [-E] [-u user] [VAR=value] [command]\n")
        return 1
    left = environ if keeps else {each: environ[each] for each in (*KEPT, *OWN) if each in environ}
    own = {
        **{"HOME": user.home, "SHELL": user.shell, "USER": name, "LOGNAME": name},
        **{"SUDO_COMMAND": " ".join(given), "SUDO_USER": "root", "SUDO_UID": "0", "SUDO_GID": "0"},
    }
    return become(given, {**left, **own, **variables})


def become(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Be *command* from here on; gives the exit status of one that cannot be."""
    if command[0].endswith("/nologin"):
        sys.stderr.write(f"{NOT_AVAILABLE}\n")
        return 1
    try:
        os.execvpe(command[0], list(command), environ)  # noqa: S606 - it is what this program is for
    except FileNotFoundError:
        sys.stderr.write(f"{command[0]}: command not found\n")
        return 127
    except OSError as problem:
        sys.stderr.write(f"{command[0]}: {problem.strerror}\n")
        return 126


if __name__ == "__main__":
    run = sudo if Path(__file__).name == "sudo" else su
    sys.exit(run(sys.argv[1:], os.environ, HERE))
