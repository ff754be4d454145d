"""The stand-in GoCD server over HTTP, for tests of whoever talks to it."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from gocd.pipeline import Pipeline
from gocd.rehearsal.standin_gocd.agents import Resources
from gocd.rehearsal.standin_gocd.api.faults import Faults
from gocd.rehearsal.standin_gocd.api.listening import listening
from gocd.rehearsal.standin_gocd.api.security import Right, User
from gocd.rehearsal.standin_gocd.server import Server

TOKEN = "0123456789abcdef0123456789abcdef01234567"
USERS = (
    User("jez", "badger", Right.ADMIN, (TOKEN,)),
    User("ann", "otter", Right.OPERATE, (TOKEN[::-1],)),
    User("vic", "vole", Right.VIEW),
    User("eve", "elk", Right.NONE),
)


@dataclass
class GoCD:
    """A running server: its address as GO_SERVER_URL has it, what goes wrong with it, and itself."""

    url: str
    faults: Faults
    server: Server
    folder: Path

    def get(self, path: str, version: int = 1, **rest: Any) -> requests.Response:
        accept = {"Accept": f"application/vnd.go.cd.v{version}+json"}
        return requests.get(self.url + path, timeout=30, **{"headers": accept, **rest})

    def post(self, path: str, document: object = None, version: int = 1, **rest: Any) -> requests.Response:
        headers = {"Accept": f"application/vnd.go.cd.v{version}+json", "X-GoCD-Confirm": "true"}
        return requests.post(self.url + path, json=document, headers=headers, timeout=30, **rest)

    def until(self, path: str, holds: Callable[[Any], bool], version: int = 1, **rest: Any) -> Any:
        """What is at *path* as soon as that *holds*; a path that is not there yet counts as nothing."""
        end = time.monotonic() + 30
        while True:
            answer = self.get(path, version, **rest)
            found = answer.json() if answer.ok else None
            if found is not None and holds(found):
                return found
            assert time.monotonic() < end, f"{path} is still {answer.text}"
            threading.Event().wait(0.01)

    def until_over(self, locator: str, stage_counter: int = 1, **rest: Any) -> Any:
        """The stage *locator*, such as ``app/1/build``, when all its jobs are over."""

        def is_over(stage: Any) -> bool:
            return all(job["state"] == "Completed" for job in stage["jobs"])

        return self.until(f"/api/stages/{locator}/{stage_counter}", is_over, 3, **rest)


@contextmanager
def serving(
    folder: Path,
    *pipelines: Pipeline,
    users: Sequence[User] = (),
    fleet: Sequence[Resources] | None = None,
    tls: ssl.SSLContext | None = None,
    **rest: Any,
) -> Iterator[GoCD]:
    """Serve *pipelines* from an empty *folder*; with *users* security is on, and is off without."""
    faults = Faults()
    server = Server(pipelines, folder, fleet=fleet, **{"environ": dict(os.environ), **rest})
    with listening(server, users=users, faults=faults, tls=tls) as url:
        try:
            yield GoCD(url, faults, server, folder)
        finally:
            server.close()


def private_tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server of loopback needs for HTTPS, and the CA's certificate that nobody else trusts."""
    certificate, key = folder / "ca.pem", folder / "ca.key"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-subj", "/CN=our own", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
