"""A CodeDeploy revision: fetched from the stand-in's S3, and unpacked where the agent works on it."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.services.code_deploy.appspec import AgentFailure

BUNDLE_TYPES = {"zip", "tar", "tgz"}


def download(location: Mapping[str, Any], archive: Path) -> None:
    """Unpack the revision at *location*, an S3Location of the API, into the folder *archive*.

    Raises:
        AgentFailure: It is not there, or not what its bundle type says.
    """
    content = io.BytesIO(_fetch(location))
    archive.mkdir(parents=True, exist_ok=True)
    try:
        if location["bundleType"] == "zip":
            with zipfile.ZipFile(content) as bundle:
                bundle.extractall(archive)  # noqa: S202 - it leaves out what would land elsewhere
        else:
            with tarfile.open(fileobj=content) as tar:
                tar.extractall(archive, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, OSError) as problem:
        raise AgentFailure(f"The revision could not be unpacked: {problem}") from None


def _fetch(location: Mapping[str, Any]) -> bytes:
    # Not through the API: a reset waits for the agents while it holds the control plane's lock.
    try:
        found = s3_backends[ACCOUNT]["aws"].get_object(location["bucket"], location["key"])
    except MissingBucket:
        raise AgentFailure("The specified bucket does not exist") from None
    if found is None:
        raise AgentFailure("The specified key does not exist.")
    content: bytes = found.value
    return content
