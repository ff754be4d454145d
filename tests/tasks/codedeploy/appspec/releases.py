"""Releases as tests of appspecs make them: an appspec and a few files, packed in memory."""

import io
import tarfile
import zipfile
from collections.abc import Mapping

from tasks.archives.artifact import Artifact
from tasks.codedeploy.appspec.bundle import Bundle, open_bundle

START = b"#!/bin/sh\nsystemctl restart app\n"
FILES = {
    "VERSION": b"2.0\n",
    "bin/app": b"app",
    "conf/app.conf": b"port 80\n",
    "conf/more/extra.conf": b"",
    "scripts/start.sh": START,
    "scripts/stop.sh": START,
}


def tar(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Artifact:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return Artifact("app.tgz", "tar", "0" * 64, packed.tell(), packed)


def zipped(files: Mapping[str, bytes]) -> Artifact:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return Artifact("app.zip", "zip", "0" * 64, packed.tell(), packed)


def bundle(appspec: str | bytes, files: Mapping[str, bytes] = FILES, *, windows: bool = False) -> Bundle:
    text = appspec if isinstance(appspec, bytes) else appspec.encode()
    return open_bundle(tar({"appspec.yml": text, **files}), windows=windows)
