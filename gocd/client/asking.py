"""A GoCD server, asked as it wants to be: the exact version, the header of an order, JSON for an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from gocd.client.errors import Away, BadAddress, Unanswered, Unusable
from gocd.client.login import NOBODY, Login
from gocd.client.refusals import no_json, not_there, refusal
from gocd.json_text import read_json
from gocd.web_address import has_login, is_web_address

if TYPE_CHECKING:
    from gocd.web import Answered

# Seconds for one answer: GoCD looks through a whole configuration for some of them.
PATIENCE = 30.0

# Bytes of an answer: a hundred runs of a pipeline with many jobs are a tenth of it.
LONGEST = 20_000_000

# What an order without a body has to have (GoCD, ApiController.verifyContentType).
CONFIRMED = {"X-GoCD-Confirm": "true"}


@dataclass(frozen=True)
class Said:
    """What a server said.

    Args:
        value: The JSON of its answer.
        at: By its own clock, to the second; None if it does not tell.
    """

    value: Any
    at: datetime | None


@dataclass(frozen=True)
class Server:
    """One GoCD server, and who asks it.

    Args:
        url: With the path, as GO_SERVER_URL has it: ``https://gocd.example.com/go``.
        ca_bundle: File or folder of the CAs to trust; requests' own settings if empty.
        patience: Seconds for one answer.

    Raises:
        BadAddress: It is not an address that can be asked.
    """

    url: str
    login: Login = NOBODY
    ca_bundle: str = ""
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        if not is_web_address(self.url) or not self.url.isprintable():
            raise BadAddress(
                "the server's address is not an http:// or https:// one",
                "It is such as https://gocd.example.com/go",
            )
        if has_login(self.url):
            raise BadAddress(
                "the server's address has a login in it, which would be printed", "See GOCD_ACCESS_TOKEN"
            )
        if "?" in self.url or "#" in self.url:
            raise BadAddress(
                "the server's address has more in it than an address",
                "It is such as https://gocd.example.com/go",
            )
        if self.ca_bundle and not Path(self.ca_bundle).exists():
            raise BadAddress(f"there is no CA bundle {self.ca_bundle}")

    def page(self, *parts: object) -> str:
        """The address below the server's own that these *parts* make."""
        return "/".join([self.url.rstrip("/"), *(quote(str(each), safe="") for each in parts)])

    def get(self, *path: object, version: int, **query: object) -> Said:
        """Ask for what is at *path*.

        Raises:
            ServerError: There is no such answer.
        """
        from gocd import web  # noqa: PLC0415

        url = self.page("api", *path) + (f"?{urlencode(query)}" if query else "")
        answered = self._asked(
            lambda: web.get(
                url,
                headers=_accepting(version),
                body_of=web.EVERY_STATUS,
                at_most=LONGEST + 1,
                **self._as_ever,
            )
        )
        return self._read(answered, url, version)

    def order(self, *path: object, version: int, body: Mapping[str, Any] | None = None) -> Said:
        """Order what is at *path*, once.

        Raises:
            ServerError: It was not taken, or nobody knows; ``perhaps_taken`` says which.
        """
        from gocd import web  # noqa: PLC0415

        url = self.page("api", *path)
        content = b"" if body is None else json.dumps(body).encode()
        headers = CONFIRMED if body is None else {"Content-Type": "application/json"}
        answered = self._asked(
            lambda: web.post(
                url,
                headers={**_accepting(version), **headers},
                content=content,
                at_most=LONGEST + 1,
                **self._as_ever,
            )
        )
        try:
            return self._read(answered, url, version)
        except Unusable as problem:
            if 200 <= answered.status < 300:
                # Whatever words came with it, it may be GoCD that has taken it.
                raise Unanswered(problem.what, problem.advice) from None
            raise

    def hand_in(
        self, *path: object, version: int, files: Sequence[tuple[str, bytes]], **query: object
    ) -> Said:
        """Hand *files* in, each a name and a content, as a form has them.

        Raises:
            ServerError: There is no answer about them.
        """
        from gocd import web  # noqa: PLC0415

        url = f"{self.page('api', *path)}?{urlencode(query)}"
        answered = self._asked(
            lambda: web.post(
                url,
                headers=_accepting(version),
                # GoCD heeds fields of this name only (ConfigRepoOperationsControllerV1).
                files=[("files[]", name, content) for name, content in files],
                at_most=LONGEST + 1,
                **self._as_ever,
            )
        )
        return self._read(answered, url, version)

    def end_of(self, *path: object, most: int, longest: int) -> bytes:
        """Return the last *most* bytes of a file of a job's.

        Raises:
            ServerError: It cannot be had, or has more than *longest* bytes.
        """
        from gocd import web  # noqa: PLC0415

        def end(pieces: Any, at_most: int) -> bytes:
            return web.ending(_no_more(pieces, longest), at_most)

        url = self.page("files", *path)
        answered = self._asked(
            lambda: web.get(
                url,
                # A file has its own type, and GoCD serves it whatever is accepted.
                headers={},
                body_of=web.EVERY_STATUS,
                at_most=most,
                part=end,
                **self._as_ever,
            )
        )
        if answered.status == 404:
            raise not_there(answered.body)
        if answered.status != 200:
            raise refusal(answered.status, answered.headers, answered.body, url, 0, self.login)
        return answered.body

    @property
    def _as_ever(self) -> dict[str, Any]:
        return {"seconds": self.patience, "auth": self._show, "ca_bundle": self.ca_bundle}

    def _show(self, request: Any) -> Any:
        # As a plain header, an entry in ~/.netrc would take its place; without one, it would be sent as well.
        if self.login.header:
            request.headers["Authorization"] = self.login.header
        return request

    def _asked(self, ask: Callable[[], Answered]) -> Answered:
        # As costly to import as Python is to start.
        from requests import exceptions  # noqa: PLC0415

        where = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
        try:
            return ask()
        except exceptions.SSLError as problem:
            if "certificate" in str(problem).lower():
                raise Unusable(
                    f"{where} has a certificate that is not trusted here",
                    "Its CA's, in PEM: --ca-bundle FILE",
                ) from None
            raise Unusable(f"TLS with {where} fails", "Does it speak https, and on this port?") from None
        except exceptions.ProxyError:
            raise Away(f"the proxy to {where} cannot be reached", "See HTTPS_PROXY and NO_PROXY") from None
        except exceptions.ConnectTimeout:
            raise Away(f"{where} cannot be reached within {self.patience:.0f} s", _CHECK) from None
        except exceptions.Timeout as problem:
            raise Unanswered(f"{where} does not answer in time ({problem})") from None
        except exceptions.ConnectionError as problem:
            raise _lost(where, str(problem)) from None
        except exceptions.ChunkedEncodingError:
            raise Unanswered(f"{where} broke off in the middle of its answer") from None
        except (exceptions.RequestException, ValueError, OSError) as problem:
            # An address or a CA file that is wrong stays so. Its text might hold what is secret.
            raise Unusable(f"{where} cannot be asked ({type(problem).__name__})", _CHECK) from None

    def _read(self, answered: Answered, url: str, version: int) -> Said:
        if not 200 <= answered.status < 300:
            raise refusal(answered.status, answered.headers, answered.body, url, version, self.login)
        if len(answered.body) > LONGEST:
            raise Unusable(f"the answer to {urlsplit(url).path} has more than {LONGEST:,} bytes")
        try:
            value = read_json(answered.body)
        except ValueError:
            raise no_json(answered.body, url) from None
        return Said(value, _moment(answered.headers.get("Date", "")))


_CHECK = "Check --server, the network, and whether GoCD is up"


def _accepting(version: int) -> dict[str, str]:
    # To the letter: any other is answered with 404 (GoCD, SparkPreFilter and ApiVersion).
    return {"Accept": f"application/vnd.go.cd.v{version}+json"}


def _lost(where: str, problem: str) -> Away:
    """Return which it was: nobody there, or a connection that came to nothing when it was there."""
    for told, words in (
        ("NameResolutionError", "has a name that cannot be resolved here"),
        ("refused", "cannot be reached (connection refused)"),
        ("NewConnectionError", "cannot be reached"),
    ):
        if told in problem:
            return Away(f"{where} {words}", _CHECK)
    return Unanswered(f"the connection to {where} was lost before it answered")


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None


def _no_more(pieces: Any, longest: int) -> Any:
    seen = 0
    for piece in pieces:
        seen += len(piece)
        if seen > longest:
            raise Unusable(f"it has more than {longest:,} bytes")
        yield piece
