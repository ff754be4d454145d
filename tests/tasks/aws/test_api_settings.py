"""Whatever AWS's own settings hold, a command that cannot use them says so in one line, and asks nothing."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.test_cli import one_error

LOCK = ("lock", "status", "x")
POLICY = ("iam-policy", "lock")

UNREADABLE = {
    "broken": b"[default\nregion",
    "binary": b"\xff\xfe[default]\nregion=\xff",
    "nothing": b"[default]",
}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    for name, content in UNREADABLE.items():
        (tmp_path / name).write_bytes(content)
    return {name: str(tmp_path / name) for name in UNREADABLE}


@pytest.mark.parametrize("words", [LOCK, POLICY], ids=["asks", "does not ask"])
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"AWS_PROFILE": "none"}, "the config profile (none) could not be found"),
        ({"AWS_PROFILE": "\udcff"}, "the config profile ("),
        ({"AWS_CONFIG_FILE": "{broken}"}, "unable to parse config file: {broken}"),
        ({"AWS_CONFIG_FILE": "{binary}"}, "unable to parse config file: {binary}"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(
    cloud: World,
    gocd_tasks: CommandLine,
    files: Mapping[str, str],
    words: tuple[str, ...],
    settings: Mapping[str, str],
    said: str,
) -> None:
    given = {name: value.format_map(files) for name, value in settings.items()}
    without = {name: value for name, value in gocd_tasks.environment.items() if name != "AWS_REGION"}
    done = CommandLine(without)(*words, **given)

    assert done.returncode == 2
    assert f"aws settings cannot be used: {said.format_map(files)}" in one_error(done).lower()
    assert "; nothing was changed" in done.stderr
    assert cloud.journal.calls == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"AWS_REGION": "\udcff"}, "AWS settings cannot be used: Provided region_name"),
        ({"AWS_REGION": "eu west"}, "AWS settings cannot be used: Provided region_name 'eu west'"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "no AWS region is set"),
        ({"AWS_DEFAULTS_MODE": "odd"}, "AWS settings cannot be used: Client configured with"),
        ({"AWS_STS_REGIONAL_ENDPOINTS": "odd"}, "AWS settings cannot be used: STS regional endpoints option"),
        ({"AWS_ENDPOINT_URL": "http://\udcff/"}, "AWS settings cannot be used: Invalid endpoint"),
        (
            {
                **{"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_ACCESS_KEY_ID": ""},
                "AWS_WEB_IDENTITY_TOKEN_FILE": "{nothing}/token",
            },
            "what ssm:GetParameter needs here cannot be read ({nothing}/token: Not a directory)",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_no_answer_of_aws(
    cloud: World, gocd_tasks: CommandLine, files: Mapping[str, str], settings: Mapping[str, str], said: str
) -> None:
    done = gocd_tasks(*LOCK, **{name: value.format_map(files) for name, value in settings.items()})

    assert done.returncode == 2
    assert said.format_map(files) in one_error(done)
    assert "; nothing was changed" in done.stderr
    assert cloud.journal.calls == []


def test_an_empty_variable_counts_as_absent(
    gocd_tasks: CommandLine, tmp_path: Path, files: Mapping[str, str]
) -> None:
    (tmp_path / "nothing").write_text("[default]\nregion = eu-west-1\n")
    empty = {"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": ""}
    done = gocd_tasks(*LOCK, AWS_CONFIG_FILE=files["nothing"], **empty)

    assert (done.returncode, done.stdout) == (0, "x: free\n")
