"""What a package has added, made and held against what all of its kind promise."""

from collections.abc import Callable
from typing import Any

from tasks.running.errors import Refused
from tasks.running.quoting import one_line


def make_promised(make: Callable[..., Any], given: tuple[Any, ...], kind: type, asked: str) -> Any:
    """Return what *make* makes of *given*, if it has everything that *kind* names.

    Args:
        kind: The protocol; what it defines itself has to be inherited, or be there as well.
        asked: What a person wrote to get it, for messages.

    Raises:
        Refused: It cannot be made of that, or lacks something: perhaps it was written for another version.
    """
    try:
        made = make(*given)
    except TypeError as error:
        if error.__traceback__ and error.__traceback__.tb_next:
            raise
        # The call itself was not possible: a class that leaves something abstract, or takes other arguments.
        raise _unlike(asked, one_line(str(error)), kind) from error
    # A property is looked for where it is defined, as to read it may ask a server.
    lacking = [name for name in _promised(kind) if not (hasattr(type(made), name) or hasattr(made, name))]
    if lacking:
        raise _unlike(asked, f"it has no {', '.join(lacking)}", kind)
    return made


def _promised(kind: type) -> list[str]:
    return sorted(name for name in {**vars(kind), **kind.__annotations__} if not name.startswith("_"))


def _unlike(asked: str, why: str, kind: type) -> Refused:
    known = f"no {kind.__name__} as this version of gocd-tasks knows it"
    return Refused(
        f"what is registered for {asked} is {known} ({why})",
        "Install a version of the package that goes with it",
    )
