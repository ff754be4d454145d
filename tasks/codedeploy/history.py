"""Which releases CodeDeploy has placed in a deployment group, and which one came before which."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.aws.deployment_state import Deployment, Revision

# What we write into a deployment's description; the run tells one order from the next.
DESCRIPTION = "gocd-tasks {version} {digest} run {run}"
DESCRIBED = re.compile(r"gocd-tasks (.+) ([0-9a-f]+) run ")

# Characters of a SHA-256 that tell one build of a version from another.
DIGEST = 16


@dataclass(frozen=True)
class PlacedRelease:
    """A release in S3: its version, the start of its SHA-256, and where it is."""

    version: str
    digest: str
    revision: Revision

    def description(self, run: str) -> str:
        return DESCRIPTION.format(version=self.version, digest=self.digest, run=run)


@dataclass(frozen=True)
class History:
    """The releases of a group.

    Args:
        succeeded: Each that was ever placed whole, in the order in which it first was.
        attempted: The one that was tried last, however that ended; None if it was not one of ours.
        running: The one that was placed whole last.
    """

    succeeded: Sequence[PlacedRelease] = ()
    attempted: PlacedRelease | None = None
    running: PlacedRelease | None = None

    def back_to(self, version: str = "") -> PlacedRelease | None:
        """Return the release to go back to: the last of that version, or the one before the last attempt.

        After a failure that is the one that ran; else each going back goes one release further.
        """
        if version:
            return next((each for each in reversed(self.succeeded) if each.version == version), None)
        if self.attempted not in self.succeeded:
            return self.running
        position = self.succeeded.index(self.attempted)
        return self.succeeded[position - 1] if position else None


def read_history(deployments: Sequence[Deployment]) -> History:
    """Read from a group's *deployments*, the oldest first, what was placed by them.

    CodeDeploy's own rollbacks say nothing of a version; what they place was placed by us before.
    """
    by_revision: dict[Revision, PlacedRelease] = {}
    placed: list[tuple[str, PlacedRelease | None]] = []
    for each in deployments:
        release = described(each)
        if release:
            by_revision[release.revision] = release
        elif each.revision:
            release = by_revision.get(each.revision)
        placed.append((each.status, release))
    succeeded = [release for status, release in placed if status == "Succeeded" and release]
    return History(
        list(dict.fromkeys(succeeded)),
        attempted=placed[-1][1] if placed else None,
        running=succeeded[-1] if succeeded else None,
    )


def described(deployment: Deployment) -> PlacedRelease | None:
    """Return the release that a deployment of ours says it places; None if it is not one of ours."""
    match = DESCRIBED.match(deployment.description)
    if not match or not deployment.revision:
        return None
    return PlacedRelease(match[1], match[2], deployment.revision)
