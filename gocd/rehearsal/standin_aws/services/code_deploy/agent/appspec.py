"""An appspec, judged as the agent judges it, in its words.

Source: aws-codedeploy-agent, application_specification/application_specification.rb, file_info.rb and
script_info.rb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.permissions import Permission, read_permissions
from gocd.rehearsal.standin_aws.services.code_deploy.agent.ruby import (
    given,
    items,
    load_yaml,
    mapping,
    to_i,
    to_s,
)

FILE_EXISTS_BEHAVIORS = ("DISALLOW", "OVERWRITE", "RETAIN")
# Seconds that a script may run if its appspec does not say: script_info.rb.
SCRIPT_TIMEOUT = 3600
_FAILED = "The deployment failed because"
_AGAIN = "and then try again."


@dataclass(frozen=True)
class Script:
    """One script of a hook: *location* below the revision, *timeout* in seconds."""

    location: str
    timeout: int = SCRIPT_TIMEOUT
    runas: str | None = None
    sudo: bool = False


@dataclass(frozen=True)
class AppSpec:
    """*files* are pairs of source and destination, texts or not; *hooks* the scripts of each event.

    *file_exists_behavior* goes before the deployment's; none leaves it to that.
    """

    os: str
    hooks: Mapping[str, Sequence[Script]]
    files: Sequence[tuple[Any, Any]]
    permissions: Sequence[Permission]
    file_exists_behavior: str | None


def parse_appspec(text: str | bytes, platform: str) -> AppSpec:
    """Read an appspec for an instance of this *platform*, ``linux`` or ``windows``.

    Raises:
        AgentFailure: The agent does not take it.
    """
    read = load_yaml(text)
    if given(read) is None:
        raise AgentFailure(
            f"{_FAILED} the application specification file was empty. Make sure your AppSpec file defines at "
            "minimum the 'version' and 'os' properties."
        )
    if isinstance(read, list):
        raise AgentFailure("no implicit conversion of String into Integer")
    told = read if isinstance(read, dict) else {}
    _check_version(told.get("version"))
    _check_os(told.get("os"), platform)
    return AppSpec(
        str(told["os"]),
        _hooks(given(told.get("hooks"), {})),
        [_file(each) for each in items(given(told.get("files"), []))],
        read_permissions(given(told.get("permissions"), []), platform),
        _behavior(told.get("file_exists_behavior")),
    )


def _check_version(version: Any) -> None:
    # A text is none: version: "0.0" is refused.
    if isinstance(version, (bool, str)) or version != 0:
        raise AgentFailure(
            f"{_FAILED} an invalid version value ({to_s(version)}) was entered in the application "
            f'specification file. Make sure your AppSpec file specifies "0.0" as the version, {_AGAIN}'
        )


def _check_os(name: Any, platform: str) -> None:
    # platform/linux_util.rb and windows_util.rb, supported_oses: an instance takes its own and no other.
    if name != platform:
        raise AgentFailure(
            f"{_FAILED} the application specification file specifies an unsupported operating system "
            f'({to_s(name)}). Specify either "linux" or "windows" in the os section of the AppSpec file, '
            f"{_AGAIN}"
        )


def _behavior(told: Any) -> str | None:
    if told is None:
        return None
    if told not in FILE_EXISTS_BEHAVIORS:
        raise AgentFailure(
            f"{_FAILED} an invalid file_exists_behavior value ({to_s(told)}) was entered in the application "
            f"specification file. Make sure your AppSpec file specifies one of "
            f"{','.join(FILE_EXISTS_BEHAVIORS)} as the file_exists_behavior, {_AGAIN}"
        )
    return str(told)


def _file(told: Any) -> tuple[Any, Any]:
    if isinstance(told, list):
        raise AgentFailure("no implicit conversion of String into Integer")
    found = told if isinstance(told, dict) else {}
    source, destination = found.get("source"), found.get("destination")
    if source is None:
        raise AgentFailure(
            f"{_FAILED} the application specification file specifies a destination file, but no source file. "
            f"Update the files section of the AppSpec file, {_AGAIN}"
        )
    if destination is None:
        raise AgentFailure(
            f"{_FAILED} the application specification file specifies only a source file ({to_s(source)}). "
            f"Add the name of the destination file to the files section of the AppSpec file, {_AGAIN}"
        )
    return source, destination


def _hooks(told: Any) -> dict[str, list[Script]]:
    # An event without a value is none, and an unknown one is not refused before Install.
    return {
        to_s(event): [_script(each) for each in items(scripts)]
        for event, scripts in mapping(told, "each_pair").items()
        if given(scripts) is not None
    }


def _script(told: Any) -> Script:
    found = mapping(told, "has_key?")
    location = to_s(found.get("location")).strip()
    if not location:
        raise AgentFailure(
            f"{_FAILED} the application specification file specifies a script with no location value. "
            f"Specify the location in the hooks section of the AppSpec file, {_AGAIN}"
        )
    timeout = to_i(given(found.get("timeout"), SCRIPT_TIMEOUT))
    if timeout <= 0:
        raise AgentFailure(
            f"{_FAILED} an invalid timeout value was provided for a script in the application specification "
            f"file. Make corrections in the hooks section of the AppSpec file, {_AGAIN}"
        )
    runas = found.get("runas")
    return Script(
        location,
        timeout,
        None if runas is None else to_s(runas).strip(),
        given(found.get("sudo")) is not None,
    )
