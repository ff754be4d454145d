"""What an artifact may be: an archive of either kind, a folder, or an object in S3; deployed for real."""

import io
import json
import os
import stat
import tarfile
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from gocd.files import make_folder
from gocd.rehearsal.sample.release import build_release, service_program
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tasks.archives.artifact import open_artifact
from tasks.archives.packing import pack
from tasks.aws.api import Aws
from tasks.running.errors import Refused
from tests.program import CommandLine
from tests.tasks.conftest import Pair
from tests.tasks.hosts.host import Quiet, zip_of

SSM = ("--install-to", "/srv/app", "--restart", "systemctl restart app")
CHECK = ("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}")


@pytest.fixture
def one(cloud: World, pair: Pair) -> Instance:
    place = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
    return pair.one


def folder_of(place: Path) -> Path:
    folder = place / "built app"
    (folder / "lib").mkdir(parents=True)
    (folder / "VERSION").write_text("2.0\n")
    (folder / "service.py").write_bytes(service_program())
    (folder / "lib/link").symlink_to("../VERSION")
    return folder


def made(kind: str, place: Path) -> str:
    if kind == "folder":
        return str(folder_of(place))
    if kind == "zip":
        path = place / "app.zip"
        path.write_bytes(
            zip_of({"VERSION": (0o100644, b"2.0\n"), "service.py": (0o100644, service_program())})
        )
        return str(path)
    release = build_release("2.0", place)
    if kind == "tar.xz":
        repacked = release.with_name("app.tar.xz")
        with tarfile.open(release) as source, tarfile.open(repacked, "w:xz") as target:
            for member in source:
                target.addfile(member, source.extractfile(member) if member.isfile() else None)
        return str(repacked)
    return str(release)


@pytest.mark.parametrize("kind", ["tar.gz", "tar.xz", "zip", "folder"])
def test_every_kind_of_artifact_is_deployed(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path, kind: str
) -> None:
    words = (made(kind, tmp_path), "--version", "2.0", "--bucket", "releases", *SSM, *CHECK)
    done = gocd_tasks("deploy-artifact", "Staging-1", *words)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Staging-1: answers 200, version 2.0" in done.stdout


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_an_object_in_s3_is_fetched_by_the_instance_from_where_it_is(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path, kind: str
) -> None:
    with Path(made(kind, tmp_path)).open("rb") as file:
        cloud.client("s3").put_object(Bucket="releases", Key="ci/app it's 2.0", Body=file.read())
    words = ("s3://releases/ci/app it's 2.0", "--version", "2.0", *SSM, *CHECK)
    done = gocd_tasks("deploy-artifact", "Staging-1", *words)

    assert (done.returncode, done.stderr) == (0, "")
    assert cloud.journal.of("PutObject") == []
    assert [call.presigned for call in cloud.journal.of("GetObject")] == [False, True]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://releases/none.tar.gz", "there is no s3://releases/none.tar.gz"),
        ("s3://no-such-bucket/app.tar.gz", "there is no s3://no-such-bucket/app.tar.gz"),
        ("s3://releases/folder/", "is no artifact"),
        ("s3://releases", "is no artifact"),
        ("s3:///app.tar.gz", "is no artifact"),
        ("s3://UPPER/app.tar.gz", "is no artifact"),
        ("http://example.com/app.tar.gz", "is no artifact"),
        ("s3://releases/evil.tar.gz", "leaves the release folder"),
        ("s3://releases/text.tar.gz", "not a whole archive"),
    ],
)
def test_an_object_that_is_no_release_is_refused(
    cloud: World, gocd_tasks: CommandLine, one: Instance, address: str, said: str
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../evil"))
    for key, body in (("evil.tar.gz", packed.getvalue()), ("text.tar.gz", b"hello")):
        cloud.client("s3").put_object(Bucket="releases", Key=key, Body=body)
    words = (address, "--version", "2.0", "--bucket", "releases", *SSM)
    done = gocd_tasks("deploy-artifact", "Staging-1", *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert "nothing was changed" in done.stderr
    assert cloud.journal.of("SendCommand") == []


def packed(folder: Path, *, modes: bool = True) -> bytes:
    into = io.BytesIO()
    pack(folder, into, modes=modes)
    return into.getvalue()


def test_the_same_content_is_packed_to_the_same_bytes(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "1"), folder_of(tmp_path / "2")
    os.utime(two / "VERSION", (1, 1))
    # As it is where builds are made with umask 002.
    (two / "VERSION").chmod(0o664)
    (two / "lib").chmod(0o775)

    assert packed(one) == packed(two)
    for mode in (0o755, 0o600):
        (two / "VERSION").chmod(mode)
        assert packed(one) != packed(two)


def test_where_no_file_is_known_to_run_every_one_may(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    with tarfile.open(fileobj=io.BytesIO(packed(folder, modes=False))) as archive:
        assert {member.name: member.mode for member in archive if member.isfile()} == {
            "VERSION": 0o755,
            "service.py": 0o755,
        }


def test_a_folder_keeps_its_links_and_who_may_read_and_run_what(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "service.py").chmod(0o755)
    (folder / "same.py").hardlink_to(folder / "service.py")
    for name, mode in (("VERSION", 0o400), ("lib", 0o2770)):
        (folder / name).chmod(mode)
    with tarfile.open(fileobj=io.BytesIO(packed(folder))) as tar:
        found = {member.name: (member.type, oct(member.mode), member.linkname) for member in tar}

    assert found == {
        "VERSION": (tarfile.REGTYPE, "0o400", ""),
        "lib": (tarfile.DIRTYPE, "0o750", ""),
        "lib/link": (tarfile.SYMTYPE, "0o777", "../VERSION"),
        "same.py": (tarfile.REGTYPE, "0o755", ""),
        "service.py": (tarfile.REGTYPE, "0o755", ""),
    }


@pytest.mark.usefixtures("emptied_after")
@pytest.mark.parametrize(
    ("add", "said"),
    [
        (lambda folder: os.mkfifo(folder / "pipe"), "neither file, folder nor link"),
        (lambda folder: make_folder(folder.joinpath(*["d"] * 150)), "a name that is too long"),
        (lambda folder: make_folder(folder.joinpath(*["d"] * 1200)), "nested too deeply to be a release"),
        (lambda folder: (folder / "out").symlink_to("/etc"), "a link out of the release folder"),
        (lambda folder: (folder / "out").symlink_to("../.."), "a link out of the release folder"),
        (lambda folder: (folder / "a\nb").touch(), "control characters"),
        (lambda folder: (folder / "caf\udce9").touch(), r"'caf\\xe9', a name that is no UTF-8"),
        (lambda folder: (folder / "l").symlink_to("caf\udce9"), "a link to a name that is no UTF-8"),
        (lambda folder: [path.unlink() for path in folder.rglob("*") if not path.is_dir()], "no file"),
    ],
)
def test_a_folder_is_judged_as_an_archive_is(tmp_path: Path, aws: Aws, add: object, said: str) -> None:
    folder = folder_of(tmp_path)
    add(folder)  # type: ignore[operator]

    with pytest.raises(Refused, match=said):
        open_artifact(aws, str(folder))


def test_a_folder_stays_on_the_host_what_it_is_and_is_as_old_as_its_release(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    """Fetched again, as by a stage that is re-run, its files have other times, and it is the same release."""
    folder = folder_of(tmp_path)
    modes = {"VERSION": 0o600, "service.py": 0o400, "lib": 0o700}
    words = (str(folder), "--bucket", "releases", *SSM)
    times = []
    for version in ("2.0", "2.0", "2.1"):
        (folder / "VERSION").write_text(version)
        for name, mode in modes.items():
            (folder / name).chmod(mode)
        done = gocd_tasks("deploy-artifact", "Staging-1", *words, "--version", version)
        assert (done.returncode, done.stderr) == (0, "")
        assert "(3 of its files may be read by their owner alone, " in done.stdout
        current = one.root / "srv/app/current"
        assert {name: stat.S_IMODE((current / name).stat().st_mode) for name in modes} == modes
        times.append((current / "service.py").stat().st_mtime)

    keys = [f"app/{version}/built app.tar.gz" for version in ("2.0", "2.0", "2.1")]
    heads = [cloud.client("s3").head_object(Bucket="releases", Key=key) for key in keys]
    assert times == [head["LastModified"].timestamp() for head in heads]
    assert sorted(path.name for path in (one.root / "srv/app/releases").iterdir()) == ["1.0", "2.0", "2.1"]


def test_a_release_that_would_replace_the_record_of_its_deployment_is_refused(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path)
    (folder / "release.json").write_text('{"theirs": true}')
    words = (str(folder), "--version", "2.0", "--bucket", "releases", *SSM)
    done = gocd_tasks("deploy-artifact", "Staging-1", *words)

    assert (done.returncode, done.stderr) == (
        2,
        f"error: {folder} holds 'release.json', where the record of a deployment is kept; "
        "give it another name; nothing was changed\n",
    )


def test_what_is_no_file_is_no_artifact(tmp_path: Path, aws: Aws) -> None:
    os.mkfifo(tmp_path / "pipe")
    for given, kind in ((tmp_path / "pipe", "a named pipe"), (Path("/dev/zero"), "a device")):
        with pytest.raises(Refused, match=f"the artifact {given} cannot be read .it is {kind} and no file"):
            open_artifact(aws, str(given))


def test_nothing_is_left_of_what_was_packed_on_the_way(
    gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = (made("folder", tmp_path), "--version", "2.0", "--bucket", "releases", *SSM)
    assert gocd_tasks("deploy-artifact", "Staging-1", *words, TMPDIR=str(temporary)).returncode == 0

    assert list(temporary.iterdir()) == []


@pytest.fixture
def facts_url(one: Instance) -> Iterator[str]:
    """A service that serves its own release.json, as it may."""
    handler = partial(Quiet, directory=str(one.root / "srv/app/current"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/release.json"
    server.shutdown()
    server.server_close()


def test_the_facts_that_a_deployment_leaves_are_proved_where_a_service_serves_them(
    gocd_tasks: CommandLine, one: Instance, facts_url: str, tmp_path: Path
) -> None:
    job = {
        "GO_PIPELINE_NAME": "shop",
        "GO_PIPELINE_COUNTER": "7",
        "GO_PIPELINE_LABEL": "2.0",
        "GO_STAGE_NAME": "deploy",
        "GO_STAGE_COUNTER": "1",
        "GO_JOB_NAME": "one",
        "GO_TRIGGER_USER": "ann",
        "GO_SERVER_URL": "https://gocd.example.com/go",
    }
    release = made("tar.gz", tmp_path)
    words = ("Staging-1", release, "--bucket", "releases", *SSM)
    assert gocd_tasks("deploy-artifact", *words, **job).returncode == 0
    with urllib.request.urlopen(facts_url, timeout=30) as answer:
        facts = json.load(answer)
    assert set(facts) == {"application", "version", "sha256", "time", "pipeline", "triggered_by"}

    proof = ("--expect-json", "version={version}", "--expect-json", "triggered_by=ann")
    right = gocd_tasks("check-status", "--url", facts_url, *proof, "--version", "2.0")
    locator = ("--expect-json", f"pipeline={facts['pipeline']}")
    same = gocd_tasks("check-status", "--url", facts_url, *locator)
    wrong = gocd_tasks(
        "check-status", "--url", facts_url, *proof, "--version", "2.1", "--status-timeout", "0"
    )
    assert "shop/7/deploy/1/one" in facts["pipeline"]
    assert (right.returncode, same.returncode, wrong.returncode) == (0, 0, 3)
    assert "answers version 2.0, not 2.1" in wrong.stderr
