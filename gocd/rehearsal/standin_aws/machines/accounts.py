"""The users and groups of an instance: those of its own ``/etc/passwd`` and ``/etc/group``."""

from __future__ import annotations

from pathlib import Path

# As Amazon Linux has them; more come with a Service's files.
FILES = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\n"
        "nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin\n"
        "ec2-user:x:1000:1000:EC2 Default User:/home/ec2-user:/bin/bash\n"
    ),
    "etc/group": "root:x:0:\nnobody:x:65534:\nec2-user:x:1000:\n",
}


def user_id(root: Path, name: str) -> int | None:
    """Give the number of a user of the instance at *root*; none if there is no such user."""
    return _number(root / "etc/passwd", name)


def group_id(root: Path, name: str) -> int | None:
    return _number(root / "etc/group", name)


def _number(file: Path, name: str) -> int | None:
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        known, _, number, *_ = line.split(":")
        if known == name:
            return int(number)
    return None
