"""The S3 object that CodeDeploy's agents fetch a release from."""

import re

from tasks.archives.artifact import Artifact
from tasks.aws.deployment_state import Revision
from tasks.running.errors import Refused

# What CodeDeploy unpacks (API reference, S3Location), by the end of the name; and what that must be.
BUNDLES = {".zip": ("zip", "zip"), ".tar": ("tar", "tar"), ".tar.gz": ("tgz", "tar"), ".tgz": ("tgz", "tar")}

LONGEST_VERSION = 100


def revision_of(artifact: Artifact, bucket: str | None, application: str, version: str) -> Revision:
    """Return where in S3 *artifact* is, or will be put, for CodeDeploy.

    Raises:
        Refused: CodeDeploy could not unpack it; or nowhere is said to put it.
    """
    end = next((end for end in sorted(BUNDLES, key=len, reverse=True) if artifact.name.endswith(end)), "")
    bundle, kind = BUNDLES.get(end, ("", ""))
    if kind != artifact.kind:
        raise Refused(f"{artifact.name} is nothing that CodeDeploy unpacks; pack it as {', '.join(BUNDLES)}")
    if artifact.address:
        return Revision(*artifact.address, bundle)
    if not bucket:
        raise Refused("--via codedeploy needs --bucket for the release to pass through, or an s3:// artifact")
    return Revision(bucket, f"{application}/{version}/{artifact.name}", bundle)


def check_version(version: str) -> None:
    """Refuse a version that cannot be part of a deployment's description and of a key in S3."""
    if not version.isprintable() or len(version) > LONGEST_VERSION or not re.search(r"[^./]", version):
        raise Refused(f"--version {version!r} cannot be the name of a release in S3")
