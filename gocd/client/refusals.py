"""What a GoCD server that did not do as asked said, made an error that a person can go by.

Source: api.gocd.org, and in GoCD's own code ApiController, HaltApiMessages and HttpOperationResult; the
texts of its filters (AbstractBasicAuthenticationFilter, AccessTokenAuthenticationFilter).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from gocd.client.errors import Declined, Failed, ServerError, Unanswered, Unusable
from gocd.client.login import PASSWORD, TOKEN, USER, Login
from gocd.json_text import read_json

# Characters of what it said that are shown.
SHOWN = 500

# What it says to a login where its security is off.
NOT_REQUIRED = "credentials are not required"
# What it says to a path, or to an Accept, that it does not know.
INCORRECT = "appears to be incorrect"

LIMITED, NO_ROOM = 429, 507
PROXY = "Look at what answers there: a proxy in between may have its own page for this"

REDIRECTS = range(300, 400)
# Proxies in front of it answer so while it is away, whether or not the order has reached it.
GATEWAYS = (502, 504)


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, url: str, version: int, login: Login
) -> ServerError:
    """Return what an answer other than the wanted one means.

    Args:
        url: What was asked.
        version: Of the API that was asked for; 0 where it has none.
    """
    said, from_gocd = _said(body)
    where = _server(url)
    if status in REDIRECTS:
        return _elsewhere(where, headers.get("Location", ""))
    if status >= 500 and status != NO_ROOM:
        return _failing(status, said, where, from_gocd=from_gocd)
    if status == 404 and (not from_gocd or INCORRECT in said):
        return Unusable(*_unknown(where, url, said, version))
    if not from_gocd and status not in (401, 403):
        return Unusable(f"{where} answers {status}, and not as GoCD does{_words(said)}", PROXY)
    return Declined(status, said, *_declined(status, said, where, login))


def _failing(status: int, said: str, where: str, *, from_gocd: bool) -> ServerError:
    if status in GATEWAYS or not from_gocd:
        return Unanswered(f"{where} answers {status}{'' if from_gocd else ', and not as GoCD does'}")
    if status == 503:
        return Declined(
            status, said, f"GoCD takes nothing on just yet (503{_words(said)})", "Try again later"
        )
    return Failed(f"GoCD failed over it ({status}{_words(said)})", "Its own log says why")


def _declined(status: int, said: str, where: str, login: Login) -> tuple[str, str]:
    if status == 401:
        return _who(where, said, login)
    if status == 403:
        return (
            f"GoCD does not let {login.named or 'somebody without a login'} do this (403{_words(said)})",
            "Its administrator gives the permission, to view or to operate, in the pipeline's group",
        )
    if status == LIMITED:
        return f"GoCD was asked too often (429{_words(said)})", "Try again in a minute"
    return said or f"GoCD answers {status} and does not say why", ""


def not_there(body: bytes) -> ServerError:
    """Return what it means that a file of a job's is not there; GoCD says so in plain words."""
    said, _ = _said(body)
    return Declined(404, said, said or "it is not there")


def no_json(body: bytes, url: str) -> ServerError:
    """Return what an answer means that was to be JSON and is not."""
    said, _ = _said(body)
    return Unusable(f"{_server(url)} does not answer as GoCD does{_words(said)}", PROXY)


def _said(body: bytes) -> tuple[str, bool]:
    """Return the words of an answer, and whether they are GoCD's own."""
    try:
        answer = read_json(body)
    except ValueError:
        text = body[: 4 * SHOWN].decode("utf-8", "replace")
        if "<" in text:
            title = re.search(r"<title[^>]{0,100}>([^<]{1,200})", text, re.I)
            return (f"a page, {' '.join(title[1].split())!r}" if title else "a page"), False
        return " ".join(text.split())[:SHOWN], INCORRECT in text
    if not isinstance(answer, dict):
        return "", False
    said = next((each for name in ("message", "error") if isinstance(each := answer.get(name), str)), "")
    parts = [said, *_fields(answer.get("data"))]
    return " ".join(" ".join(filter(None, parts)).split())[:SHOWN].rstrip(". "), bool(said)


def _fields(entity: object) -> list[str]:
    """Return what is wrong with single fields, as answers to whole entities have it."""
    errors = entity.get("errors") if isinstance(entity, dict) else None
    if not isinstance(errors, dict):
        return []
    return [f"{name}: {each}" for name, texts in errors.items() if isinstance(texts, list) for each in texts]


def _words(said: str) -> str:
    return f": {said}" if said else ""


def _server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _who(where: str, said: str, login: Login) -> tuple[str, str]:
    if NOT_REQUIRED in said:
        return (
            f"{where} has its security off and refuses any login",
            f"Unset {login.named or TOKEN}",
        )
    if login.named:
        return f"GoCD does not accept {login.named} (401{_words(said)})", f"Renew {login.named}"
    return (
        f"GoCD wants to know who asks (401{_words(said)})",
        f"Set {TOKEN}, or {USER} and {PASSWORD}, in the environment",
    )


def _elsewhere(where: str, location: str) -> Unusable:
    to = urlsplit(location)
    login = any(word in to.path for word in ("/auth/", "login", "signin", "oauth", "saml"))
    if to.netloc and not login:
        at = f"{to.scheme}://{to.netloc}/go"
        return Unusable(
            f"{where} leads elsewhere, to {to.scheme}://{to.netloc}", f"If that is GoCD: --server {at}"
        )
    if login:
        return Unusable(f"{where} leads to a page to log in at ({to.path[:100]})", PROXY)
    return Unusable(f"{where} leads elsewhere ({location[:100]})", f"GoCD's own is: --server {where}/go")


def _unknown(where: str, url: str, said: str, version: int) -> tuple[str, str]:
    path = urlsplit(url).path
    if not path.startswith("/go/"):
        return f"{where} has no GoCD at {path[:100]}", f"GoCD's own address ends in /go: --server {where}/go"
    if INCORRECT in said:
        kind = f"version {version} of {path[:100]}" if version else path[:100]
        return f"the GoCD at {where} does not have {kind}", "It is older or newer than what gocd-tasks knows"
    return f"{where} answers 404, and not as GoCD does{_words(said)}", PROXY
