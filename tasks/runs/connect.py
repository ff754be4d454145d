"""The GoCD server that a command asks, and what it says no with as the error that the command ends in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from gocd.client.asking import Server
from gocd.client.errors import BadAddress, Declined, ServerError
from gocd.client.login import Login
from tasks.running.errors import Refused, TaskError


def connected(address: str | None, ca_bundle: str | None) -> Server:
    """Return the server at *address*, or else that of the running job, with the login of the environment.

    Raises:
        Refused: It is not known, or cannot be asked.
    """
    url = address or os.environ.get("GO_SERVER_URL", "")
    if not url:
        raise Refused(
            "which GoCD server is meant is not known", "Name it: --server https://gocd.example.com/go"
        )
    with asking():
        return Server(url.rstrip("/"), Login.from_environment(os.environ), ca_bundle or "")


@contextmanager
def asking(about: str = "") -> Iterator[None]:
    """End what is inside in an error of this command when the server does not do as asked.

    Args:
        about: What was asked about, for an answer of 404.

    Raises:
        Refused: It said no.
        TaskError: It could not be asked, or nobody knows what became of it.
    """
    try:
        yield
    except ServerError as problem:
        raise as_told(problem, about) from None


def as_told(problem: ServerError, about: str = "") -> TaskError:
    """Return what the server, or the way to it, said as an error of this command."""
    what = problem.what
    if isinstance(problem, Declined) and problem.status == 404 and about:
        what = f"GoCD has no {about} that may be seen here ({what})"
    advice = problem.advice or None
    if isinstance(problem, (BadAddress, Declined)):
        return Refused(what, advice)
    return TaskError(what, advice)
