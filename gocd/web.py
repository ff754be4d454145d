"""Asking a server over HTTP: one question, one deadline over all of it, and no more read than is wanted."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
EVERY_STATUS = range(100, 600)

# What is kept of a body that comes in pieces, in no more than so many bytes.
Part = Callable[[Iterable[bytes], int], bytes]


@dataclass(frozen=True)
class Answered:
    """What a server answered: the beginning of its body, where that was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Kept:
    """What is read of an answer: with which statuses, how many bytes, and which of them."""

    of: Collection[int]
    at_most: int
    part: Part


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
    part: Part | None = None,
) -> Answered:
    """Ask *url* once; no redirect is followed.

    Args:
        seconds: For all of it.
        body_of: The statuses with which the body is wanted.
        at_most: Bytes of the body that are read.
        part: What of the body is kept, by default its beginning.

    Raises:
        requests.exceptions.RequestException: There is no such answer; ``Timeout`` when time is up.
    """
    keep = Kept(body_of, at_most, part or beginning)
    asked = {"headers": headers, "auth": auth, "proxies": dict(proxies or {}), "verify": ca_bundle or None}
    return _exchange("GET", url, seconds, keep, asked)


def post(
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str],
    content: bytes = b"",
    files: Sequence[tuple[str, str, bytes]] = (),
    body_of: Collection[int] = EVERY_STATUS,
    at_most: int = LONGEST,
    auth: Any = None,
    ca_bundle: str = "",
) -> Answered:
    """Send an order to *url* once; no redirect is followed.

    Args:
        seconds: For all of it.
        content: The body.
        files: In its place, as a form has them: field, name and content of each.

    Raises:
        requests.exceptions.RequestException: There is no answer; the order may have been taken all the same.
    """
    parts = [(field, (name, each, "application/octet-stream")) for field, name, each in files]
    asked = {"headers": headers, "auth": auth, "verify": ca_bundle or None, "data": content}
    keep = Kept(body_of, at_most, beginning)
    return _exchange("POST", url, seconds, keep, {**asked, "files": parts} if parts else asked)


def _exchange(method: str, url: str, seconds: float, keep: Kept, asked: Mapping[str, Any]) -> Answered:
    def ask() -> Answered:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Heeding())
            with session.request(
                method, url, timeout=seconds, stream=True, allow_redirects=False, **asked
            ) as answer:
                wanted = answer.status_code in keep.of
                body = keep.part(answer.iter_content(65_536), keep.at_most) if wanted else b""
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
    kept, length = [], 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length >= most:
            break
    return b"".join(kept)[:most]


def ending(pieces: Iterable[bytes], most: int) -> bytes:
    """Return the last *most* bytes of the *pieces*, all of which are asked for."""
    end = b""
    for piece in pieces:
        end = (end + piece)[-most:]
    return end


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
