"""The link that a release is fetched by is a secret: no other user of the host gets to see it."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tasks.hosts.bash_host import running_host, tools
from tests.tasks.hosts.host import Host
from tests.tasks.hosts.powershell_host import needs_powershell, running_powershell_host

SECRET = "X-Amz-Signature=0123456789abcdef"


def command_lines() -> Iterator[str]:
    """What ``ps`` shows everybody."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield process.read_text(errors="replace").replace("\0", " ")


@pytest.fixture(params=["curl", "wget", pytest.param("powershell", marks=needs_powershell)])
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Host]:
    if request.param == "powershell":
        with running_powershell_host(tmp_path) as host:
            yield host
        return
    with running_host(tmp_path) as host:
        tools(host, request.param)
        yield host


def test_the_link_is_in_no_command_line_while_it_is_followed(host: Host) -> None:
    seen: list[str] = []

    class Looks(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            seen.extend(line for line in command_lines() if SECRET in line)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Looks) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        done = host.run(host.script("2.0", url=f"http://127.0.0.1:{server.server_port}/app?{SECRET}"))
        server.shutdown()

    assert "answered 404" in done.stderr
    assert seen == [f"/app?{SECRET}"]
