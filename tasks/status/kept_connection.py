"""Whether a service keeps an idle connection for as long as its load balancer does.

Else the load balancer at times sends a request on a connection that the service is just closing, and answers
its user 502 (AWS, application/load-balancer-troubleshooting, HTTP 502; application/
edit-load-balancer-attributes: the idle time-out of an application is to be larger).
"""

import base64
import select
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import unquote, urlsplit

from gocd.connection import HeedingConnection
from gocd.deadline import Late, within
from tasks.running.errors import Refused, TaskError
from tasks.running.waiting import Missing, Wait, closely

# Seconds for one answer.
PATIENCE = 5.0

ADVICE = "Set its keep-alive time-out above the load balancer's idle time-out"


def prove_that_connections_are_kept(
    url: str, subject: str, wait: Wait, seconds: float, patience: float = PATIENCE
) -> None:
    """Ask *url* once, and leave the connection idle for *seconds*.

    A service that says in each answer that it closes the connection is right too.

    Args:
        patience: Seconds for its answer.

    Raises:
        Refused: It is no URL of HTTP.
        TaskError: The service closes the connection, or cannot be asked.
    """
    with_port, path, headers = _parts(url)
    connection = HeedingConnection(with_port, timeout=patience)

    def ask() -> HTTPResponse:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        while answer.read(65_536):
            pass
        return answer

    try:
        answer = within(patience, ask)
        if answer.will_close:
            wait.log.say(f"{subject}: keeps no connection, and says so in its answers")
            return
        _watch(connection, subject, wait, seconds)
    except (OSError, HTTPException, Late) as problem:
        why = str(problem) or type(problem).__name__
        raise TaskError(f"{subject}: {url} cannot be asked ({why})") from None
    finally:
        connection.close()
    wait.log.say(f"{subject}: keeps an idle connection for {seconds:.0f} s")


def _watch(connection: HTTPConnection, subject: str, wait: Wait, seconds: float) -> None:
    start = wait.clock.now()

    def look() -> bool | Missing:
        elapsed = wait.since(start)
        if select.select([connection.sock], [], [], 0)[0]:
            what = f"{subject} closes an idle connection within {elapsed:.0f} s, not after {seconds:.0f} s"
            raise TaskError(f"{what} as it must: its users would get 502 now and then", ADVICE)
        return True if elapsed >= seconds else Missing(f"{subject}: leaves a connection idle")

    wait.until_done(look, pace=closely, within=seconds)


def _parts(url: str) -> tuple[str, str, dict[str, str]]:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.netloc:
        raise Refused(f"--keep-alive asks a service over http://, and not {url}")
    login, at, host = parts.netloc.rpartition("@")
    headers = {"Authorization": f"Basic {base64.b64encode(unquote(login).encode()).decode()}"} if at else {}
    return host, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", headers
