"""Appspecs of releases for CodeDeploy: judged, with every fault in a line, or refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.codedeploy.appspec.findings import Findings
from tasks.codedeploy.appspec.judge import judge
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import as_json, spoilt_bytes, spoilt_values
from tests.tasks.codedeploy.appspec.releases import FILES, bundle

APPSPEC: dict[str, Any] = {
    "version": 0.0,
    "os": "linux",
    "file_exists_behavior": "OVERWRITE",
    "files": [{"source": "/", "destination": "/srv/app"}, {"source": "bin/app", "destination": "/usr/bin"}],
    "hooks": {
        "ApplicationStop": [{"location": "scripts/stop.sh", "timeout": 300, "runas": "root"}],
        "ApplicationStart": [{"location": "scripts/start.sh"}],
    },
    "permissions": [
        {
            "object": "/srv/app",
            "pattern": "**",
            "except": ["*.sh"],
            "mode": 644,
            "type": ["file"],
            "owner": "app",
        },
        {"object": "/usr/bin", "mode": 755, "type": ["directory"], "acls": ["u:deploy:rwx"], "group": "app"},
        {"object": "/srv/else", "context": {"user": "u", "type": "httpd_t", "range": "s0-s1:c0.c3,c7"}},
    ],
}
TEXT = b"""\
# of the site
version: 0.0
os: linux
files:
  - source: /
    destination: /srv/app
hooks:
  ApplicationStart:
    - location: scripts/start.sh
      timeout: 300
permissions:
  - object: /srv/app
    mode: "0755"
    acls: ['u:deploy:rwx', 'g:staff:r']
    except: ['*.sh', '*']
"""
SCRIPT = b"#!/bin/sh\nnohup java -jar app.jar > /dev/null 2>&1 &\nwait\nsleep 3 &\n"
# PyYAML is Python: what is long is read slowly.
MOST = 6_000


@given(st.one_of(spoilt_values(APPSPEC).map(as_json), spoilt_bytes(TEXT)), st.booleans())
def test_an_appspec_is_judged_in_lines(content: bytes, windows: bool) -> None:
    check(content[:MOST], FILES, windows=windows)


@given(spoilt_bytes(SCRIPT))
def test_a_hooks_script_is_judged_in_lines(script: bytes) -> None:
    check(TEXT, {**FILES, "scripts/start.sh": script}, windows=False)


@pytest.mark.parametrize("content", [as_json(APPSPEC), TEXT])
def test_a_whole_appspec_is_without_fault(content: bytes) -> None:
    assert judge(bundle(content, {**FILES, "scripts/start.sh": SCRIPT}), routes_traffic=True).faults == []


def check(appspec: bytes, files: dict[str, bytes], *, windows: bool) -> None:
    release = bundle(appspec, files, windows=windows)

    findings = read(lambda: judge(release, routes_traffic=True))

    assert isinstance(findings, Findings)
    for each in (*findings.in_order, *findings.doubts):
        assert str(each).isprintable()
        assert each.line >= 1
    if not appspec.strip():
        assert findings.faults
