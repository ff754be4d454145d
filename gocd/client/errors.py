"""What can go wrong with a GoCD server, each in a line: what happened, and what to do about it."""

from gocd.errors import GoCDError


class ServerError(GoCDError):
    """There is no answer that could be used.

    Args:
        what: What happened, in one sentence without a full stop.
        advice: What to do next, a whole sentence; empty if that depends on what was asked.

    Attributes:
        passing: Whether the same may well succeed a little later.
        perhaps_taken: Whether an order may have been taken all the same.
    """

    passing = False
    perhaps_taken = False

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


class BadAddress(ServerError):
    """Nothing was asked: the address or the login cannot be right."""


class Away(ServerError):
    """Nothing arrived there."""

    passing = True


class Unanswered(Away):
    """It may have arrived; there is no answer to it."""

    perhaps_taken = True


class Failed(ServerError):
    """GoCD itself failed over it, and may have done some of it."""

    perhaps_taken = True


class Unusable(ServerError):
    """What answers is no GoCD, or not one that this program knows."""


class Declined(ServerError):
    """GoCD said no.

    Args:
        status: Of its answer.
        said: Its own words.
    """

    def __init__(self, status: int, said: str, what: str, advice: str = "") -> None:
        super().__init__(what, advice)
        self.status = status
        self.said = said
