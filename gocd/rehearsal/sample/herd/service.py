"""What the sample HERD answers with: its build information, as XML, JSON or HTML, and its namespaces.

It runs from an unpacked revision, alone: only the standard library, nothing of this project. Beside it the
file VERSION names the build; the file BROKEN, if there is one, names a version and what is wrong with it:

    starts-not     exits 1 at once
    answers-500    answers everything with 500
    wrong-version  says it is build 0.0
    no-namespaces  is well, and has lost its data
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
BUILD_INFO, NAMESPACES, DISPLAY = (
    "/herd-app/rest/buildInfo",
    "/herd-app/rest/namespaces",
    "/herd-app/displayBuildInfo",
)


class Build:
    """What is told of this build; *allowed* is the Authorization that ``rest`` asks for, none for anybody."""

    def __init__(self, version: str, broken: str, allowed: str) -> None:
        self.number = "0.0" if broken == "wrong-version" else version
        self.failing = broken == "answers-500"
        self.namespaces = [] if broken == "no-namespaces" else ["MDL", "SEC_MARKET_DATA"]
        self.allowed = allowed
        self._about = {
            "buildUser": "root",
            "buildDate": time.strftime("%Y%m%d_%H%M%S"),
            "buildNumber": self.number,
        }

    def answer(self, path: str, accept: str, authorization: str) -> tuple[HTTPStatus, str, str]:
        """Return status, content type and body."""
        status = self._status(path, authorization)
        if status is not HTTPStatus.OK:
            return status, "text/plain", status.phrase
        if path == DISPLAY:
            return HTTPStatus.OK, "text/html", f"<html><body>Build Number: {self.number}</body></html>"
        if path == NAMESPACES:
            keys = [{"namespaceCode": each} for each in self.namespaces]
            return HTTPStatus.OK, "application/json", json.dumps({"namespaceKeys": keys})
        # XML is what it answers to whoever does not ask.
        if "application/json" in accept and "application/xml" not in accept:
            return HTTPStatus.OK, "application/json", json.dumps(self._about)
        told = "".join(f"<{name}>{value}</{name}>" for name, value in self._about.items())
        return HTTPStatus.OK, "application/xml", f"<buildInformation>{told}</buildInformation>"

    def _status(self, path: str, authorization: str) -> HTTPStatus:
        if self.failing:
            return HTTPStatus.INTERNAL_SERVER_ERROR
        if path not in (BUILD_INFO, NAMESPACES, DISPLAY):
            return HTTPStatus.NOT_FOUND
        # The page for the load balancer's checks is open to all.
        refused = self.allowed and path != DISPLAY and authorization != self.allowed
        return HTTPStatus.UNAUTHORIZED if refused else HTTPStatus.OK


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else an answer in two parts waits 40 ms for an acknowledgement between them.
    disable_nagle_algorithm = True
    build: Build

    def do_GET(self) -> None:
        accept, authorization = self.headers.get("Accept", ""), self.headers.get("Authorization", "")
        status, content_type, text = self.build.answer(self.path.partition("?")[0], accept, authorization)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Version", self.build.number)
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="herd"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the log for what goes wrong."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


def main() -> int:
    """Serve this folder's build; return the exit status."""
    command = argparse.ArgumentParser(description="Serve the build in this folder.")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=8080)
    command.add_argument("--credentials", type=Path, help="a file with user:password, for basic auth")
    chosen = command.parse_args()
    version = (HERE / "VERSION").read_text(encoding="utf-8").strip()
    mark = HERE / "BROKEN"
    of, _, broken = (mark.read_text(encoding="utf-8").strip() if mark.exists() else "").partition(" ")
    broken = broken if of == version else ""
    if broken == "starts-not":
        sys.stderr.write("error: this build does not start\n")
        return 1
    allowed = ""
    if chosen.credentials and chosen.credentials.exists():
        allowed = f"Basic {base64.b64encode(chosen.credentials.read_bytes().strip()).decode()}"
    Handler.build = Build(version, broken, allowed)
    Server((chosen.host, chosen.port), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
