"""Asking a server over HTTP: one question, one deadline over all of it, and no more read than is wanted."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from gocd.connection import HeedingConnection
from gocd.deadline import Late, within

Value = TypeVar("Value")

# Bytes of an answer.
LONGEST = 1_000_000


@dataclass(frozen=True)
class Answered:
    """What a server answered: the beginning of its body, where that was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def get(
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str],
    body_of: Collection[int] = (200,),
    at_most: int = LONGEST,
    auth: Any = None,
    ca_bundle: str = "",
    proxies: Mapping[str, str] | None = None,
) -> Answered:
    """Ask *url* once; no redirect is followed.

    Args:
        seconds: For all of it.
        body_of: The statuses with which the body is wanted.
        at_most: Bytes of the body that are read.

    Raises:
        requests.exceptions.RequestException: There is no such answer; ``Timeout`` when time is up.
    """

    def ask() -> Answered:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Heeding())
            with session.get(
                url,
                headers=headers,
                auth=auth,
                verify=ca_bundle or None,
                proxies=dict(proxies or {}),
                timeout=seconds,
                stream=True,
                allow_redirects=False,
            ) as answer:
                wanted = answer.status_code in body_of
                body = beginning(answer.iter_content(65_536), at_most) if wanted else b""
                return Answered(answer.status_code, answer.headers, body)

    return in_time(seconds, ask)


def in_time(seconds: float, ask: Callable[[], Value]) -> Value:
    """Return what *ask* returns, which may ask several servers; they all have these seconds together."""
    try:
        return within(seconds, ask)
    except Late as late:
        raise requests.exceptions.Timeout(str(late)) from None


def beginning(pieces: Iterable[bytes], most: int) -> bytes:
    """Return the first *most* bytes of the *pieces*; those after them are not asked for."""
    body = b""
    for piece in pieces:
        body += piece
        if len(body) >= most:
            break
    return body[:most]


class _Plain(HeedingConnection, HTTPConnection):
    pass


class _Secure(HeedingConnection, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Heeding(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        super().init_poolmanager(*args, **settings)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **settings: Any) -> Any:
        manager = super().proxy_manager_for(*args, **settings)
        manager.pool_classes_by_scheme = POOLS
        return manager


POOLS = {"http": _PlainPool, "https": _SecurePool}
