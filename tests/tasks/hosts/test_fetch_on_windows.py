"""What a Windows host says that got something else than a release: a real PowerShell, and real answers."""

import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tasks.hosts.script import powershell_assignments, powershell_script
from tests.tasks.hosts.powershell_host import needs_powershell, running_powershell_host
from tests.tasks.hosts.test_fetch import PAGE, s3_error

pytestmark = needs_powershell

# By path: a status, and the bytes that come of as many as were promised.
ANSWERS = {
    "/release": (200, b"release", 7),
    "/portal": (200, PAGE, len(PAGE)),
    "/elsewhere": (307, s3_error("TemporaryRedirect", "Please re-send it."), None),
    "/expired": (403, s3_error("AccessDenied", "Request has expired"), None),
    "/proxy": (403, PAGE, None),
    "/missing": (404, b"", None),
    "/busy": (503, s3_error("SlowDown", "Reduce your rate"), None),
    "/half": (200, b"half", 100),
    "/stalled": (200, b"half", 100),
}

# Each is asked for in one run, for a PowerShell takes a second to start.
EACH = """
function Stop-Here([string] $what, [string] $left) { throw "$what; $left" }
function Start-Sleep($Seconds) { $script:paused += $Seconds }
foreach ($address in [Uri[]] ($asked -split ' ')) {
    $paused = 0
    $told = try { Receive-Release $file; 'received ' + [IO.File]::ReadAllText($file) } catch { Get-Reason $_ }
    [Console]::Out.WriteLine("$paused $told")
}
"""


class Answering(BaseHTTPRequestHandler):
    asked: ClassVar[Counter[str]] = Counter()
    done = threading.Event()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.asked[path] += 1
        status, body, promised = ANSWERS[path]
        self.send_response(status)
        if status == 307:
            self.send_header("Location", f"http://{self.headers['Host']}/release")
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)
        if path == "/stalled":
            self.done.wait(60)

    def log_message(self, format: str, *args: object) -> None:
        return


# Once for all: tests of other files come between those of this one, and end what lasts as long as a module.
@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, int]]:
    """By what was asked for: the seconds paused, what came of it, and how often the server was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    here = f"127.0.0.1:{server.server_port}"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"127.0.0.1:{closed.getsockname()[1]}"
    links = [f"http://{here}{path}?X-Amz-Signature=secret" for path in ANSWERS]
    links += [f"http://{name}/app?X-Amz-Signature=secret" for name in (nobody, "nowhere.invalid")]
    folder = tmp_path_factory.mktemp("host")
    with running_powershell_host(folder) as host:
        values = {"install_to": host.language.install_to, "url": links[0]}
        script = powershell_script(["releases", "fetch"], values)
        assert "ReadWriteTimeout = 60000" in script
        script = script.replace("ReadWriteTimeout = 60000", "ReadWriteTimeout = 500")
        more = powershell_assignments({"asked": " ".join(links), "file": str(folder / "archive")})
        done = host.run(host.written("\n".join([script, more, EACH])))
    Answering.done.set()
    server.shutdown()
    server.server_close()
    assert (done.returncode, done.stderr) == (0, "")
    assert "secret" not in done.stdout
    lines = done.stdout.replace(here, "HERE").replace(nobody, "NOBODY").splitlines()
    assert len(lines) == len(links)
    return {
        path: (int(line.split()[0]), line.partition(" ")[2], Answering.asked[path])
        for path, line in zip([*ANSWERS, "NOBODY", "NOWHERE"], lines, strict=True)
    }


BETWEEN = "something between this instance and HERE answered"
NEEDS = "look at this instance's route, proxy and clock; nothing was changed"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/release", "received release"),
        ("/portal", f"{BETWEEN} with a page in place of the release; nothing was changed"),
        ("/elsewhere", "S3 answered 307 (TemporaryRedirect: Please re-send it.)"),
        ("/expired", "S3 answered 403 (AccessDenied: Request has expired)"),
        ("/proxy", f"{BETWEEN} 403 with a page"),
        ("/missing", "HERE answered 404"),
    ],
)
def test_what_came_is_said_and_not_asked_for_again(
    told: dict[str, tuple[int, str, int]], path: str, said: str
) -> None:
    if not said.startswith(("received", f"{BETWEEN} with")):
        said = f"the release could not be fetched: {said}; nothing was changed"

    assert told[path] == (0, said, 1)


def test_what_may_pass_is_asked_for_four_times_within_seconds(told: dict[str, tuple[int, str, int]]) -> None:
    busy = (
        "the release could not be fetched: S3 answered 503 (SlowDown: Reduce your rate); nothing was changed"
    )
    assert told["/busy"] == (7, busy, 4)
    for path in ("/half", "/stalled"):
        paused, said, asked = told[path]
        assert (paused, asked) == (7, 4)
        assert said.startswith("the release could not be fetched from HERE (")
        assert said.endswith(f"): {NEEDS}")


@pytest.mark.parametrize("where", ["NOBODY", "NOWHERE"])
def test_a_server_that_is_not_there_is_told_at_once_with_what_a_host_needs(
    told: dict[str, tuple[int, str, int]], where: str
) -> None:
    paused, said, _ = told[where]

    assert paused == 0
    assert said.startswith("the release could not be fetched from")
    assert said.endswith(f"): {NEEDS}")
