"""The S3 object that CodeDeploy's agents fetch a release from."""

import posixpath
import re

from tasks.archives.artifact import Artifact
from tasks.archives.tar import tar_members
from tasks.archives.zip import zip_members
from tasks.aws.deployment_state import Revision
from tasks.running.errors import Refused

# What CodeDeploy unpacks (API reference, S3Location), by the end of the name; and what that must be.
BUNDLES = {".zip": ("zip", "zip"), ".tar": ("tar", "tar"), ".tar.gz": ("tgz", "tar"), ".tgz": ("tgz", "tar")}

# The agent looks for these, at the top and nowhere else (user guide, AppSpec file reference).
APPSPECS = {"appspec.yml", "appspec.yaml"}

LONGEST_VERSION = 100


def revision_of(artifact: Artifact, bucket: str | None, application: str, version: str) -> Revision:
    """Return where in S3 *artifact* is, or will be put, for CodeDeploy.

    Raises:
        Refused: CodeDeploy could not unpack it, or it has no appspec; or nowhere is said to put it.
    """
    end = next((end for end in sorted(BUNDLES, key=len, reverse=True) if artifact.name.endswith(end)), "")
    bundle, kind = BUNDLES.get(end, ("", ""))
    if kind != artifact.kind:
        raise Refused(f"{artifact.name} is nothing that CodeDeploy unpacks; pack it as {', '.join(BUNDLES)}")
    if not _has_appspec(artifact):
        raise Refused(f"{artifact.name} has no appspec.yml at its top; CodeDeploy cannot deploy it")
    if artifact.address:
        return Revision(*artifact.address, bundle)
    if not bucket:
        raise Refused("--via codedeploy needs --bucket for the release to pass through, or an s3:// artifact")
    return Revision(bucket, f"{application}/{version}/{artifact.name}", bundle)


def check_version(version: str) -> None:
    """Refuse a version that cannot be part of a deployment's description and of a key in S3."""
    if not version.isprintable() or len(version) > LONGEST_VERSION or not re.search(r"[^./]", version):
        raise Refused(f"--version {version!r} cannot be the name of a release in S3")


def _has_appspec(artifact: Artifact) -> bool:
    members = zip_members if artifact.kind == "zip" else tar_members
    artifact.content.seek(0)
    return any(posixpath.normpath(member.name) in APPSPECS for member in members(artifact.content))
