"""What every server of a fleet is asked."""

from dataclasses import dataclass

from tasks.status.settle import CheckFor


@dataclass(frozen=True)
class Questions:
    """The ``_status`` call of a rollout, in its two meanings.

    Args:
        alive: Makes the check that a server must pass before anything is done to it.
        deployed: Makes the one that it must pass with the new release.
        proves_version: Whether that one names the release's version.
    """

    alive: CheckFor
    deployed: CheckFor
    proves_version: bool
