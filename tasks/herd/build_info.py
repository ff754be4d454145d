"""HERD's ``buildInfo``, asked over HTTP: with a password, which goes to its own host only, and over TLS.

Source: herd-mdl (mdlHerd.yml, httpd in front of ``/herd-app/rest/*``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from gocd.web_address import has_login, is_web_address
from tasks.herd.answer import Answer, read_answer
from tasks.running.errors import Refused

# Seconds for one answer, wherever it leads on to, and bytes of it that are read.
PATIENCE, LONGEST_ANSWER = 10.0, 100_000
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
UNWELCOME = (401, 403)
# An agent may well trust a site's own CA elsewhere and not here.
UNTRUSTED = "cannot be asked: its certificate is not one that this agent trusts (see --ca-bundle)"


@dataclass(frozen=True)
class BuildInfo:
    """One address of a ``buildInfo``.

    Args:
        login: User and password; sent to the address's own host only.
        ca_bundle: File or folder of the CAs to trust; requests' own settings if empty.
        patience: Seconds for one answer.

    Raises:
        Refused: It is not an address that can be asked.
    """

    url: str
    login: tuple[str, str] | None = None
    ca_bundle: str = ""
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        if not is_web_address(self.url):
            raise Refused("--build-info-url is not an http:// or https:// address")
        if has_login(self.url):
            raise Refused("--build-info-url has a login in it, which would be printed", "Use HERD_PASSWORD")
        if self.ca_bundle and not Path(self.ca_bundle).exists():
            raise Refused(f"there is no CA bundle {self.ca_bundle}")

    def ask(self) -> Answer:
        """Ask once; whatever goes wrong is in the answer."""
        # As costly to import as Python is to start.
        from requests import exceptions  # noqa: PLC0415

        from gocd.web import in_time  # noqa: PLC0415

        try:
            return in_time(self.patience, self._follow)
        except exceptions.SSLError as problem:
            untrusted = "certificate" in str(problem).lower()
            return Answer(
                trouble=UNTRUSTED if untrusted else "cannot be asked: TLS fails", hopeless=untrusted
            )
        except exceptions.Timeout:
            return Answer(trouble=f"does not answer within {self.patience:.0f} s")
        except (exceptions.ConnectionError, exceptions.ChunkedEncodingError) as problem:
            refused = " (connection refused)" if "refused" in str(problem).lower() else ""
            return Answer(trouble=f"cannot be reached{refused}")
        except (exceptions.RequestException, ValueError, OSError) as problem:
            # An address or a CA file that is wrong stays so. Its text might hold what is secret.
            return Answer(trouble=f"cannot be asked ({type(problem).__name__})", hopeless=True)

    def _follow(self) -> Answer:
        url = self.url
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._get(url)
            if isinstance(answer, Answer):
                return answer
            url = answer
        return Answer(trouble=f"leads on to other addresses more than {MOST_REDIRECTS} times", hopeless=True)

    def _get(self, url: str) -> Answer | str:
        """Ask one address, and return what it answers or where it leads to."""
        from gocd import web  # noqa: PLC0415

        answer = web.get(
            url,
            seconds=self.patience,
            headers={"Accept": "application/json, application/xml;q=0.9"},
            at_most=LONGEST_ANSWER,
            # Without a login of its own, requests would take one from the agent's .netrc or from the address.
            auth=self.login if self.login and _same_host(self.url, url) else _no_login,
            ca_bundle=self.ca_bundle,
        )
        if answer.status in REDIRECTS and "location" in answer.headers:
            return urljoin(url, answer.headers["location"])
        if answer.status in UNWELCOME:
            return Answer(trouble=f"answers {answer.status}{self._why(url)}", hopeless=True)
        if answer.status != 200:
            return Answer(trouble=f"answers {answer.status}")
        return read_answer(answer.body)

    def _why(self, url: str) -> str:
        if not _same_host(self.url, url):
            return f": it leads to {urlsplit(url).hostname}, which is not given the password"
        return (
            ": HERD_USER or HERD_PASSWORD is wrong"
            if self.login
            else ": it wants HERD_USER and HERD_PASSWORD"
        )


def _no_login(request: Any) -> Any:
    return request


def _same_host(first: str, second: str) -> bool:
    """Whether a password for *first* may go to *second*: its own host and port, and never less safely."""
    one, two = urlsplit(first), urlsplit(second)
    if one.hostname != two.hostname:
        return False
    ports = {"http": 80, "https": 443}
    one_port, two_port = one.port or ports.get(one.scheme), two.port or ports.get(two.scheme)
    safer = (one.scheme, one_port, two.scheme, two_port) == ("http", 80, "https", 443)
    return safer or (one.scheme == two.scheme and one_port == two_port)
