"""Who asks, and whether that is so.

Source: GoCD's AbstractBasicAuthenticationFilter.java and AccessTokenAuthenticationFilter.java
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from gocd.pipeline import Stage

_BASIC = re.compile("basic (.*)", re.IGNORECASE)
_BEARER = re.compile("bearer (.*)", re.IGNORECASE)
_BAD_CREDENTIALS = (
    "Invalid credentials. Either your username and password are incorrect, or there is a problem with your "
    "browser cookies. Please check with your administrator."
)
_TOKEN_LENGTH = 40


class Right(IntEnum):
    """What a user may do with pipelines; each includes those before it."""

    NONE = 0
    VIEW = 1
    OPERATE = 2
    ADMIN = 3


@dataclass(frozen=True)
class User:
    name: str
    password: str = field(default="", repr=False)
    right: Right = Right.ADMIN
    tokens: Sequence[str] = field(default=(), repr=False)
    """Personal access tokens, of 40 characters each as all of GoCD's."""

    @property
    def is_anonymous(self) -> bool:
        return self.name == ANONYMOUS


ANONYMOUS = "anonymous"


class NotAuthenticated(Exception):
    """Nobody the server knows; says so with a challenge where only a password would do."""

    def __init__(self, text: str, *, challenge: bool = False) -> None:
        super().__init__(text)
        self.challenge = challenge


def may_operate(user: User, stage: Stage) -> bool:
    """Whether *user* may run and cancel *stage*, which may be for certain people only.

    Source: GoCD's SecurityService.hasOperatePermissionForStage
    """
    approval = stage.approval
    if user.right is Right.ADMIN or not (approval.users or approval.roles):
        return user.right >= Right.OPERATE
    return user.name in approval.users


@dataclass(frozen=True)
class Security:
    """The users of a server; without any, its security is off, and everybody may do everything."""

    users: Sequence[User] = ()

    @property
    def is_on(self) -> bool:
        return bool(self.users)

    def user(self, authorization: str) -> User:
        """Who has sent this header, which may be empty.

        Raises:
            NotAuthenticated: Nobody, or somebody where nobody is wanted.
        """
        basic, bearer = _BASIC.fullmatch(authorization), _BEARER.fullmatch(authorization)
        if not basic and not bearer:
            return User(ANONYMOUS, right=Right.NONE if self.is_on else Right.ADMIN)
        if not self.is_on:
            kind = "Basic" if basic else "Bearer"
            off = "credentials are not required, since security has been disabled on this server."
            raise NotAuthenticated(f"{kind} authentication {off}")
        return self._named(basic[1]) if basic else self._holding(bearer[1] if bearer else "")

    def _named(self, credentials: str) -> User:
        try:
            name, separator, password = base64.b64decode(credentials).decode().partition(":")
        except ValueError:
            name = separator = password = ""
        if not separator:
            text = "Invalid basic authentication credentials specified in request."
            raise NotAuthenticated(text, challenge=True)
        for user in self.users:
            if user.name == name and user.password == password:
                return user
        raise NotAuthenticated(_BAD_CREDENTIALS, challenge=True)

    def _holding(self, token: str) -> User:
        for user in self.users:
            if len(token) == _TOKEN_LENGTH and token in user.tokens:
                return user
        raise NotAuthenticated("Invalid Personal Access Token.")
