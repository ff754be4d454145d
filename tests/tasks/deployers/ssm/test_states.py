"""How an order to SSM can end, told in plain words: on the stand-in AWS, by the real command line."""

import base64
import re
import signal
from importlib.resources import files
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tasks.deployers.ssm import GO_BACK, INSTALL
from tasks.hosts.script import powershell_assignments, powershell_script
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine
from tests.tasks.conftest import Pair
from tests.tasks.hosts.host import zip_of
from tests.tasks.hosts.powershell_host import needs_powershell, running_powershell_host
from tests.tasks.hosts.test_install_release import HOSTILE

SSM = ("--bucket", "releases", "--install-to", "/srv/app", "--restart", "systemctl restart app")
WINDOWS = ("--bucket", "releases", "--install-to", r"C:\srv\app", "--restart", "Restart-Service app")


@pytest.fixture
def one(cloud: World, pair: Pair) -> Instance:
    place = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
    return pair.one


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    return ("deploy-artifact", "Staging-1", str(build_release("2.0", tmp_path)), "--version", "2.0")


@pytest.mark.parametrize(
    ("ends", "said", "state"),
    [
        (("Failed", "Undeliverable"), "SSM could not reach it", "runs what it ran before"),
        (("TimedOut", "DeliveryTimedOut"), "SSM could not reach it in time", "runs what it ran before"),
        (("Failed", "AccessDenied"), "SSM may not run anything on it", "runs what it ran before"),
        (("TimedOut", "ExecutionTimedOut"), "it ran too long and was stopped", "may have either version"),
        (("Cancelled", "Cancelled"), "it was cancelled in AWS", "may have either version"),
        (("Success", "Undeliverable"), "SSM could not reach it", "runs what it ran before"),
    ],
)
def test_every_bad_end_is_a_failure_in_plain_words(
    cloud: World,
    gocd_tasks: CommandLine,
    one: Instance,
    words: tuple[str, ...],
    ends: tuple[str, str],
    said: str,
    state: str,
) -> None:
    one.command_ends = ends
    done = gocd_tasks(*words, *SSM)

    assert done.returncode == 1
    assert f"installing 2.0 on Staging-1 failed: {said}; Staging-1 {state}. Run again: " in done.stderr
    if ends[1] == "Undeliverable":
        [command] = cloud.client("ssm").list_commands()["Commands"]
        assert command["Status"] == "Success"


def test_a_restart_that_leaves_ssms_output_open_is_told_with_the_line_to_write_instead(
    gocd_tasks: CommandLine, one: Instance, words: tuple[str, ...]
) -> None:
    holds = "setsid sleep 100 >/proc/$PPID/fd/1 2>&1 &"
    done = gocd_tasks(*words, *SSM[:4], "--restart", holds, "--deploy-timeout", "60")

    assert done.returncode == 1
    assert (
        "2.0 was started, but something started with it holds the output that SSM reads to its end, so it "
        "ran too long and was stopped; start it so: systemctl restart NAME, or nohup COMMAND >/dev/null 2>&1 "
        "</dev/null &; 2.0 is current there. Run again: " in done.stderr
    )


def test_a_cancelled_deployment_is_stopped_on_the_instance_and_what_is_not_known_is_said(
    cloud: World, gocd_tasks: CommandLine, one: Instance, words: tuple[str, ...]
) -> None:
    running = gocd_tasks.start(*words, *SSM[:4], "--restart", "sleep 60")
    eventually((one.root / "srv/app/.restart.log").exists, True, patience=30)
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=60)

    assert running.returncode == 143
    assert (
        "error: cancelled; installing 2.0 was told to stop; which release is current on Staging-1" in errors
    )
    assert "Run again: gocd-tasks deploy-artifact Staging-1" in errors
    assert len(cloud.journal.of("CancelCommand")) == 1
    [command] = cloud.client("ssm").list_commands()["Commands"]
    eventually(
        lambda: cloud.client("ssm").list_commands(CommandId=command["CommandId"])["Commands"][0]["Status"],
        "Cancelled",
    )


def windows_release(folder: Path) -> str:
    path = folder / "app.zip"
    path.write_bytes(zip_of({"app.exe": (0, b"2.0")}))
    return str(path)


def sent(cloud: World) -> str:
    [command] = cloud.client("ssm").list_commands()["Commands"]
    assert command["DocumentName"] == "AWS-RunPowerShellScript"
    return "\n".join(command["Parameters"]["commands"])


def values_in(script: str) -> dict[str, str]:
    found = re.findall(
        r"^\$(\w+) = \[Text\.Encoding\].*FromBase64String\('([^']*)'\)\)$", script, re.MULTILINE
    )
    return {name: base64.b64decode(text).decode() for name, text in found}


def test_windows_gets_powershell_by_what_ssm_says_of_it(
    cloud: World, gocd_tasks: CommandLine, one: Instance, tmp_path: Path
) -> None:
    one.platform, one.command_ends = "Windows", ("Success", "Success")
    release = windows_release(tmp_path)
    done = gocd_tasks("deploy-artifact", "Staging-1", release, "--version", "2.0", *WINDOWS)
    values = values_in(sent(cloud))

    assert (done.returncode, done.stderr) == (0, "")
    assert values.pop("url").startswith("http")
    assert "2.0" in values.pop("facts")
    assert len(values.pop("sha256")) == 64
    assert re.fullmatch("[0-9a-f]{16} ", values.pop("mark"))
    assert re.fullmatch(r"2\d{11}\.\d\d", values.pop("made"))
    assert values == {
        "install_to": r"C:\srv\app",
        "restart": "Restart-Service app",
        "restart_within": "",
        "within": "900",
        "kind": "zip",
        "version": "2.0",
        "keep": "5",
        "owner": "",
        "misread": "",
        "asked": "",
    }


def test_windows_goes_back_by_powershell(cloud: World, gocd_tasks: CommandLine, one: Instance) -> None:
    one.platform, one.command_ends = "Windows", ("Success", "Success")
    done = gocd_tasks("deploy-artifact", "Staging-1", "--rollback", "--version", "1.0", *WINDOWS)
    values = values_in(sent(cloud))

    assert done.returncode == 0
    assert (values["to"], values["leaving"]) == ("1.0", "")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--install-to", "/srv/app"), "is no folder with a drive, and Staging-1 runs Windows"),
        (("--install-to", r"C:\srv\[app]"), "is no folder with a drive"),
        (("--install-to", "C:app"), "is no folder with a drive"),
        (("--version", "1:2"), "cannot be the name of a folder on Windows"),
        (("--version", "1.0."), "cannot be the name of a folder on Windows"),
        (("--version", "1\\2"), "cannot be the name of a folder on Windows"),
        (
            ("--owner", "app"),
            "--owner is for Linux, and Staging-1 runs Windows, where files have the rights of the folder "
            "that they come into; nothing was changed. Leave it out, and give the service's user its rights "
            r"to C:\srv\app once",
        ),
        (("--install-to", "C:\\" + "f" * 230), "'app.exe'..., too long for Windows: "),
    ],
)
def test_what_windows_cannot_have_is_refused(
    cloud: World,
    gocd_tasks: CommandLine,
    one: Instance,
    tmp_path: Path,
    more: tuple[str, ...],
    said: str,
) -> None:
    one.platform = "Windows"
    release = windows_release(tmp_path)
    done = gocd_tasks("deploy-artifact", "Staging-1", release, "--version", "2.0", *WINDOWS, *more)

    assert done.returncode == 2
    assert said in done.stderr
    assert cloud.journal.of("PutObject") == cloud.journal.of("SendCommand") == []


def test_a_system_that_no_script_is_for_is_refused(
    gocd_tasks: CommandLine, one: Instance, words: tuple[str, ...]
) -> None:
    one.platform = "MacOS"
    done = gocd_tasks(*words, *SSM)

    assert done.returncode == 2
    assert "Staging-1 runs MacOS; --via ssm serves Linux and Windows" in done.stderr


@pytest.mark.parametrize(
    "value", [*HOSTILE, "line one\nline two", "ends in newlines\n\n", "", "'@; evil; @'"]
)
def test_no_value_is_ever_powershell(value: str) -> None:
    line = powershell_assignments({"value": value})

    assert re.fullmatch(
        r"\$value = \[Text\.Encoding\]::UTF8\.GetString\(\[Convert\]::FromBase64String\('[\w+/=]*'\)\)",
        line,
    )
    assert values_in(line) == {"value": value}


@pytest.mark.parametrize(
    "name",
    [
        "releases.sh",
        "restart.sh",
        "fetch.sh",
        "install_release.sh",
        "go_back.sh",
        "read_record.sh",
        "count_connections.sh",
    ],
)
def test_ssm_finds_nothing_to_fill_in_in_a_script(name: str) -> None:
    for each in (name, name.replace(".sh", ".ps1")):
        text = files("tasks.hosts").joinpath(each).read_text(encoding="utf-8")
        assert "{{" not in text
        assert text.isascii()


@needs_powershell
def test_a_real_powershell_reads_every_value_as_it_was_and_every_script_as_one(tmp_path: Path) -> None:
    values = {f"v{number}": value for number, value in enumerate([*HOSTILE, "line one\nline two", ""])}
    shows = [f"[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(${name}))" for name in values]
    scripts = (
        INSTALL,
        GO_BACK,
        ["read_record"],
        ["count_connections"],
    )
    reads = [f"[scriptblock]::Create(@'\n{powershell_script(steps, {})}\n'@) | Out-Null" for steps in scripts]
    text = "\n".join([powershell_assignments(values), *shows, *reads])
    with running_powershell_host(tmp_path) as host:
        done = host.run(host.written(text))

    assert done.returncode == 0, done.stderr

    assert [base64.b64decode(line).decode() for line in done.stdout.split("\n")[:-1]] == [*values.values()]
