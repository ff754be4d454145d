"""HERD's CodeDeploy revision: one for all versions, because its scripts read which one to install.

Their names, events and timeouts are those of MDL's appspec.yml. The database's and Shepherd's have no part in
this sample.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from gocd.errors import GoCDError

BREAKAGES = ("starts-not", "answers-500", "wrong-version", "no-namespaces")
HERE = Path(__file__).parent

APPSPEC = """\
version: 0.0
os: linux
files:
  - source: herd
    destination: /opt/herd
hooks:
  BeforeInstall:
    - location: scripts/installPackagesForHerd.sh
      timeout: 300
      runas: root
  ApplicationStart:
    - location: scripts/configureAndStartHerd.sh
      timeout: 300
      runas: root
  ValidateService:
    - location: scripts/smokeTestHerd.sh
      timeout: 600
      runas: root
  ApplicationStop:
    - location: scripts/stopHerd.sh
      timeout: 300
      runas: root
"""
# The stack's file names its parameters and its target group; DESTDIR is the instance's own root.
COMMON = """\
set -euo pipefail
. "$DESTDIR/etc/herd/stack"

parameter() {
    aws ssm get-parameter --cli-input-json "{\\"Name\\": \\"$PARAMETERS/$1\\"}" \\
        --query Parameter.Value --output text
}

write() {
    aws ssm put-parameter --cli-input-json "{\\"Name\\": \\"$PARAMETERS/$1\\", \\"Value\\": \\"$2\\",
        \\"Type\\": \\"String\\", \\"Overwrite\\": true}"
}
"""
SCRIPTS = {
    "installPackagesForHerd.sh": """\
version=$(parameter CurrentVersion)
if [ "$(parameter DeploymentInvoked)" = true ]; then
    version=$(parameter RequestedVersion)
fi
mkdir -p "$DESTDIR/opt/herd"
echo "$version" > "$DESTDIR/opt/herd/VERSION"
echo "installing HERD $version"
""",
    # In MDL's own order: from here on users may reach an instance that nobody has tested yet.
    "configureAndStartHerd.sh": """\
aws elbv2 register-targets --cli-input-json \\
    "{\\"TargetGroupArn\\": \\"$TARGET_GROUP\\", \\"Targets\\": [{\\"Id\\": \\"$INSTANCE_ID\\"}]}"
systemctl restart herd
""",
    "smokeTestHerd.sh": """\
version=$(cat "$DESTDIR/opt/herd/VERSION")
python3 "$DESTDIR/opt/herd/smoke_test.py" "http://$PRIVATE_IP:$PORT/herd-app/rest" "$version" \\
    --credentials "$DESTDIR/etc/herd/credentials"
if [ "$(parameter DeploymentInvoked)" = true ]; then
    write CurrentVersion "$version"
    write RequestedVersion FilledLater
    write DeploymentInvoked false
fi
""",
    "stopHerd.sh": "systemctl stop herd\n",
}


def build_revision(*, broken: str = "", of: str = "") -> bytes:
    """Return ``herd.zip``, the same bytes each time.

    Args:
        broken: One of ``BREAKAGES``, for a version that goes wrong.
        of: That version.

    Raises:
        GoCDError: *broken* is not a known breakage.
    """
    if broken and broken not in BREAKAGES:
        raise GoCDError(f"{broken!r} is not a breakage of HERD: use one of {', '.join(BREAKAGES)}")
    files = {
        "appspec.yml": APPSPEC,
        **{
            f"herd/{name}": (HERE / name).read_text(encoding="utf-8")
            for name in ("service.py", "smoke_test.py")
        },
        **{f"scripts/{name}": f"#!/bin/bash\n{COMMON}\n{text}" for name, text in SCRIPTS.items()},
    }
    if broken:
        files["herd/BROKEN"] = f"{of} {broken}\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in sorted(files.items()):
            # A ZipInfo made by hand has a time that is always the same.
            archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()
