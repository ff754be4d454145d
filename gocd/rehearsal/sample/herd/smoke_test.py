"""Whether the HERD on this instance is the build that it should be, and has its data; exits 1 if not.

It runs from an unpacked revision, alone: only the standard library, nothing of this project.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

# Seconds for a service that has just been started.
PATIENCE = 10.0
LEAST_NAMESPACES = 2


def ask(url: str, authorization: str) -> Any:
    """Return the JSON at *url*, waiting for a service that does not listen yet."""
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - our own
    if authorization:
        request.add_header("Authorization", authorization)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main() -> int:
    """Say what is wrong, if anything; return the exit status."""
    command = argparse.ArgumentParser(description="Test the HERD on this instance.")
    command.add_argument("url")
    command.add_argument("version")
    command.add_argument("--credentials", type=Path, help="a file with user:password, for basic auth")
    chosen = command.parse_args()
    authorization = ""
    if chosen.credentials and chosen.credentials.exists():
        authorization = f"Basic {base64.b64encode(chosen.credentials.read_bytes().strip()).decode()}"
    try:
        number = ask(f"{chosen.url}/buildInfo", authorization)["buildNumber"]
        namespaces = ask(f"{chosen.url}/namespaces", authorization)["namespaceKeys"]
    except OSError as problem:
        sys.stderr.write(f"HERD does not answer: {problem}\n")
        return 1
    if number != chosen.version:
        sys.stderr.write(f"HERD is build {number}, and should be {chosen.version}\n")
        return 1
    if len(namespaces) < LEAST_NAMESPACES:
        sys.stderr.write(f"HERD has {len(namespaces)} namespaces, and should have {LEAST_NAMESPACES}\n")
        return 1
    sys.stdout.write(f"HERD is build {number}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
