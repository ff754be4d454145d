"""What handles a release needs the same memory for a large one as for a small one."""

import json
import random
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

# The smaller one is large enough to fill what an upload keeps in memory, which is eight parts.
SMALL, LARGE = 80 * 1024**2, 160 * 1024**2

# Bytes by which the larger one may need more: far less than its size, more than chance.
SLACK = 24 * 1024**2

# Packs a folder, looks through it, sums it up and uploads it, as a deployment does; then tells its peak.
DEPLOY = """
import json, resource, sys
from tasks.archives.artifact import open_artifact
from tasks.aws.artifact_store import ArtifactStore
from tasks.aws.api import Aws
from tasks.running.clock import SystemClock

aws = Aws(SystemClock(), print)
artifact = open_artifact(aws, sys.argv[1])
store = ArtifactStore(aws, "releases")
if not artifact.address:
    store.put("app/1/" + artifact.name, artifact.content, artifact.sha256)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"size": artifact.size, "peak": peak}))
"""


class Sink(BaseHTTPRequestHandler):
    """As much of S3 as an upload and a download need; it keeps nothing, and makes up what it gives."""

    protocol_version = "HTTP/1.1"
    received = 0
    objects: dict[str, Path] = {}  # noqa: RUF012 - one server, one process

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"] or 0)
        Sink.received += left
        while left:
            left -= len(self.rfile.read(min(left, 1024**2)))
        self._answer(b"", {"ETag": '"etag"'})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if "uploads" in self.path:
            self._answer(
                b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
            )
        else:
            self._answer(b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>")

    def do_GET(self) -> None:
        path = Sink.objects[self.path.rpartition("/")[2].split("?")[0]]
        self.send_response(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        with path.open("rb") as file:
            while block := file.read(1024**2):
                self.wfile.write(block)

    def _answer(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def peak(s3: str, artifact: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", DEPLOY, artifact],
        env={
            "AWS_ENDPOINT_URL": s3,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return told["size"], told["peak"]


def folder_of(size: int, place: Path) -> Path:
    """A folder with one file of chance, which cannot be packed smaller."""
    folder = place / f"release-{size}"
    folder.mkdir()
    chance = random.Random(size)
    with (folder / "content").open("wb") as file:
        for _ in range(size // 1024**2):
            file.write(chance.randbytes(1024**2))
    return folder


@pytest.mark.exhaustive
@pytest.mark.end_to_end
def test_a_large_release_is_packed_checked_and_sent_in_the_memory_of_a_small_one(
    s3: str, tmp_path: Path
) -> None:
    seen = [peak(s3, str(folder_of(size, tmp_path))) for size in (SMALL, LARGE)]

    assert [size > wanted for (size, _), wanted in zip(seen, (SMALL, LARGE), strict=True)] == [True, True]
    assert Sink.received > SMALL + LARGE
    assert seen[1][1] - seen[0][1] < SLACK, seen


@pytest.mark.end_to_end
@pytest.mark.parametrize("kind", ["tar", pytest.param("zip", marks=pytest.mark.exhaustive)])
@pytest.mark.exhaustive
def test_a_large_release_in_s3_is_fetched_and_checked_in_the_memory_of_a_small_one(
    s3: str, tmp_path: Path, kind: str
) -> None:
    seen = []
    for size in (SMALL, LARGE):
        folder = folder_of(size, tmp_path)
        packed = tmp_path / f"{size}.{kind}"
        if kind == "tar":
            with tarfile.open(packed, "w") as tar:
                tar.add(folder, ".")
        else:
            # Deflated, as release archives are, but without looking for what is not there.
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=0) as archive:
                archive.write(folder / "content", "content")
        Sink.objects[packed.name] = packed
        seen.append(peak(s3, f"s3://releases/{packed.name}"))

    assert seen[1][1] - seen[0][1] < SLACK, seen
