"""A revision, fetched from the stand-in's S3 and unpacked where the agent works on it.

Which instances may read the object is not asked: what a role may do is the instance profile's.

Sources: aws-codedeploy-agent, command_executor.rb (download_from_s3, unpack_bundle), platform/linux_util.rb
(extract_tar, extract_tgz, extract_zip).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends

from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure

BUNDLE_TYPES = {"zip", "tar", "tgz"}
# platform/linux_util.rb; the agent runs /bin/tar, and as root it keeps owners and modes.
_TAR = {"tar": ("tar", "-xpsf"), "tgz": ("tar", "-zxpsf")}
# unzip(1), DIAGNOSTICS: the disk is or was full.
_DISK_FULL = 50


def download(location: Mapping[str, Any], folder: Path) -> None:
    """Put the object at *location*, an S3Location of the API, into a deployment's *folder*, and unpack it.

    Raises:
        AgentFailure: It is not there, not the one that was meant, or not what its bundle type says.
    """
    content, etag = _fetch(location)
    wanted = location.get("eTag")
    # The agent calls it so, whatever it is.
    bundle = folder / "bundle.tar"
    bundle.write_bytes(content)
    if wanted is not None and wanted.replace('"', "") != etag.replace('"', ""):
        raise AgentFailure(
            f"Expected deployment artifact bundle etag {wanted} but was actually {etag}",
        )
    archive = folder / "deployment-archive"
    shutil.rmtree(archive, ignore_errors=True)
    archive.mkdir()
    if location["bundleType"] == "zip":
        _unzip(bundle, archive)
    else:
        code = _run(*_TAR[location["bundleType"]], str(bundle), at=archive)
        if code:
            raise AgentFailure(f"Error extracting tar archive: {code}")
    _strip(archive)


def _unzip(bundle: Path, archive: Path) -> None:
    """Unpack by ``unzip``, which has the modes of the archive; whatever that dislikes, once more without."""
    code = _run("unzip", "-qo", str(bundle), "-d", str(archive), at=archive)
    if code == _DISK_FULL:
        shutil.rmtree(archive)
        raise AgentFailure("The disk is (or was) full during extraction.")
    # By another process as well: what this one has written may not be run at once (execve(2), ETXTBSY).
    if code and _run(sys.executable, "-I", "-m", "zipfile", "-e", str(bundle), str(archive), at=archive):
        raise AgentFailure("Zip end of central directory signature not found")


def _strip(archive: Path) -> None:
    """Take the one folder that is all of an archive for the archive, if it has an appspec in it."""
    entries = list(archive.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        return
    [only] = entries
    if not any("appspec" in each.name.lower() for each in only.iterdir()):
        return
    aside = archive.with_name("deployment-archive-temp")
    shutil.rmtree(aside, ignore_errors=True)
    archive.rename(aside)
    (aside / only.name).rename(archive)
    aside.rmdir()


def _run(*words: str, at: Path) -> int:
    """Run a program in the folder *at*; gives its exit status, a shell's own if there is no such program."""
    try:
        return subprocess.run(words, cwd=at, capture_output=True, check=False).returncode
    except FileNotFoundError:
        return 127


def _fetch(location: Mapping[str, Any]) -> tuple[bytes, str]:
    # Not through the API: a reset waits for the agents while it holds the control plane's lock.
    try:
        found = s3_backends[ACCOUNT]["aws"].get_object(
            location["bucket"], location["key"], version_id=location.get("version")
        )
    except MissingBucket:
        raise AgentFailure("The specified bucket does not exist") from None
    if found is None:
        missing = "version" if location.get("version") else "key"
        raise AgentFailure(f"The specified {missing} does not exist.")
    return found.value, found.etag
