"""Which request is for whom: path, version, headers and rights, in the order in which GoCD looks at them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from gocd.rehearsal.standin_gocd.api.messages import Answer, Halt, Request, message, plain
from gocd.rehearsal.standin_gocd.api.security import Right

_LATEST = "application/vnd.go.cd+json"
_FORBIDDEN = "You are not authorized to perform this action."
# What even those who are not logged in may ask.
_OPEN = ("/api/version", "/api/v1/health")

Handler = Callable[[Request, Mapping[str, str]], Answer]


@dataclass(frozen=True)
class Route:
    """One thing that can be asked.

    Args:
        path: Below ``/go``, its parts in braces where they are names: ``/api/pipelines/{pipeline}/status``.
        version: The one version of the API that has it; 0 where no version is asked for.
        right: What a user must be allowed to do with the pipeline, or the server.
        takes_form: Whether the body is a form and no JSON.
    """

    method: str
    path: str
    version: int
    right: Right
    handle: Handler
    takes_form: bool = False

    def match(self, path: str) -> dict[str, str] | None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path).replace("{*}", "(?P<rest>.*)")
        found = re.fullmatch(f"{pattern}/?", path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


def answer(routes: Sequence[Route], request: Request, has_pipeline: Callable[[str], bool]) -> Answer:
    """Find who has what is asked for, and let them answer.

    Raises:
        Halt: It is not asked as it must be.
    Source: GoCD's SparkPreFilter.java, ApiController.java and AbstractAuthorizationHelper.java
    """
    _check_entry(request)
    route, names = _found(routes, request)
    if request.method == "POST" and not route.takes_form:
        _check_body(request)
    _check_right(route, request, names, has_pipeline)
    given = route.handle(request, names)
    if route.version and given.content_type == "application/json":
        given = replace(given, content_type=f"application/vnd.go.cd.v{route.version}+json; charset=utf-8")
    return given


def _found(routes: Sequence[Route], request: Request) -> tuple[Route, dict[str, str]]:
    wanted = request.headers.get("Accept", "")
    for route in routes:
        names = route.match(request.path)
        if names is None or route.method != request.method:
            continue
        if not route.version or wanted in (_LATEST, f"application/vnd.go.cd.v{route.version}+json"):
            return route, names
    raise Halt(plain("The url you are trying to reach appears to be incorrect.\n", 404))


def _check_entry(request: Request) -> None:
    """Source: GoCD's AuthorizeFilterChain.java and VerifyAuthorityFilter.java."""
    if request.path in _OPEN:
        return
    if request.user.right is Right.NONE and request.user.is_anonymous:
        raise Halt(_challenged(message("You are not authenticated!", 401)))
    if request.path.startswith("/api/admin/") and request.user.right < Right.ADMIN:
        raise Halt(message("You are not authorized to access this resource!", 403))


def _challenged(refused: Answer) -> Answer:
    """Source: GoCD's BasicAuthenticationWithChallengeFailureResponseHandler.java."""
    return replace(refused, headers={"WWW-Authenticate": 'Basic realm="GoCD"'})


def _check_body(request: Request) -> None:
    """Source: GoCD's ApiController.verifyContentType."""
    if request.body:
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Halt(message("You must specify a 'Content-Type' of 'application/json'", 415))
    elif "X-GoCD-Confirm" not in request.headers:
        raise Halt(message("Missing required header 'X-GoCD-Confirm' with value 'true'", 400))


def _check_right(
    route: Route, request: Request, names: Mapping[str, str], has_pipeline: Callable[[str], bool]
) -> None:
    """Source: GoCD's AbstractAuthorizationHelper.java, where an administrator is asked nothing."""
    if request.user.right is Right.ADMIN:
        return
    pipeline = names.get("pipeline")
    if pipeline is not None and not has_pipeline(pipeline):
        raise Halt(message(f"Pipeline with name '{pipeline}' was not found!", 404))
    if request.user.right < route.right:
        raise Halt(message(_FORBIDDEN, 403))
