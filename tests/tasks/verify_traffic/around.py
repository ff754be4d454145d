"""A server of HTTP, and ``verify-traffic`` with a program in JMeter's place that asks it."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil

from tasks.traffic.under_way import STATE
from tests.program import SPEED, CommandLine, Done
from tests.tasks.traffic.jmeter.test_process import gone
from tests.tasks.verify_traffic import standin_jmeter

JOB = {
    "GO_PIPELINE_NAME": "rolling",
    "GO_PIPELINE_COUNTER": "7",
    "GO_PIPELINE_LABEL": "2.0",
    "GO_STAGE_NAME": "deploy",
    "GO_STAGE_COUNTER": "1",
    "GO_JOB_NAME": "deploy",
}


class Service:
    """A server of HTTP that answers with *status*, and the first of all with *first*."""

    def __init__(self) -> None:
        service = self
        self.status = self.first = 200

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(service.first)
                service.first = service.status
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port


class Traffic:
    """``verify-traffic`` in one folder, with its JMeter; waits take a tenth of their time."""

    def __init__(self, gocd_tasks: CommandLine, service: Service) -> None:
        self.folder = gocd_tasks.folder
        self.gocd_tasks = CommandLine(gocd_tasks.environment, self.folder, speed=SPEED)
        self.out = self.folder / "traffic"
        self.state = self.out / STATE
        program = self.folder / "jmeter"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -S {standin_jmeter.__file__} "$@"\n')
        program.chmod(0o755)
        where = ("--property", "host=127.0.0.1", "--property", f"port={service.port}")
        self.asked = ("--jmeter", str(program), *where)

    def __call__(self, *words: str, **variables: str) -> Done:
        return self.gocd_tasks("verify-traffic", *words, **variables)

    def begin(self, *words: str, **variables: str) -> Done:
        return self("--start", *self.asked, *words, **{**JOB, **variables})

    def finish(self, *words: str, **variables: str) -> Done:
        return self("--finish", *words, **{**JOB, **variables})

    def process(self) -> int:
        return int(json.loads(self.state.read_text())["process"])

    def processes(self) -> list[psutil.Process]:
        """Whatever on this machine runs for this folder."""
        return [
            each
            for each in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in word for word in each.info["cmdline"] or ())
        ]

    def alone(self, within: float = 10) -> bool:
        """Whether all of them end within so many seconds; those that do not are killed."""
        left = [each for each in self.processes() if not gone(each.pid, within)]
        for each in left:
            each.kill()
        return not left
