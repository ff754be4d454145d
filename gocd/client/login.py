"""Who asks a GoCD server: an access token, a user with a password, or nobody in particular."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from gocd.client.errors import BadAddress

TOKEN, USER, PASSWORD = "GOCD_ACCESS_TOKEN", "GOCD_USER", "GOCD_PASSWORD"


@dataclass(frozen=True)
class Login:
    """What a server is shown; nothing where its security is off, as it answers 401 to any.

    Args:
        named: Where it comes from, in words.
        header: The value of ``Authorization``.
    """

    named: str = ""
    header: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Login:
        """Return the login that the environment has.

        Raises:
            BadAddress: It has two of them, or half of one.
        """
        token, user, password = (environ.get(name, "") for name in (TOKEN, USER, PASSWORD))
        if bool(user) != bool(password):
            raise BadAddress(f"{USER} and {PASSWORD} go together; only one of them is set")
        if token and user:
            raise BadAddress(f"both {TOKEN} and {USER} are set", "Leave one of them away")
        if not all(each.isprintable() and each.isascii() for each in (token,)):
            raise BadAddress(f"{TOKEN} has characters that no token has", "Look for a line's end in it")
        if token:
            return cls(TOKEN, f"Bearer {token}")
        if user:
            both = b64encode(f"{user}:{password}".encode()).decode()
            return cls(f"{USER} and {PASSWORD}", f"Basic {both}")
        return NOBODY


NOBODY = Login()
