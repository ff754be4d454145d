"""The hooks of an appspec: lifecycle events and their scripts.

Sources: aws-codedeploy-agent 1.8.1, application_specification.rb (parse_hooks), script_info.rb,
command_executor.rb (validate_app_spec_hooks), linux_util.rb (prepare_script_command); CodeDeploy user guide,
AppSpec 'hooks' section (which events take scripts, and the hour that an event's scripts have).
"""

import re
from collections.abc import Iterator, Sequence

from tasks.archives.member import Kind
from tasks.codedeploy.appspec.bundle import Bundle
from tasks.codedeploy.appspec.findings import Findings, quoted
from tasks.codedeploy.appspec.reading import Value, check_keys, nearest
from tasks.codedeploy.appspec.scripts import judge_scripts

WITH_TRAFFIC = (
    "BeforeBlockTraffic",
    "AfterBlockTraffic",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
)
EVENTS = (
    "ApplicationStop",
    "BeforeInstall",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    *WITH_TRAFFIC,
)

# What CodeDeploy does itself, and what a script for it should be given to instead.
WITHOUT_SCRIPTS = {
    "Start": "ApplicationStop",
    "DownloadBundle": "BeforeInstall",
    "Install": "AfterInstall",
    "BlockTraffic": "BeforeBlockTraffic",
    "AllowTraffic": "AfterAllowTraffic",
    "End": "ValidateService",
}
KEYS = ("location", "timeout", "runas", "sudo")

# Seconds that all scripts of an event have together.
AN_HOUR = 3600

# A location is part of a line that a shell reads, unquoted.
SHELL_READS = re.compile(r"[\s\"'$&;|<>()`\\*?\[\]{}#~!]")


def judge_hooks(hooks: Value, bundle: Bundle, findings: Findings, *, routes_traffic: bool) -> None:
    """Judge the section ``hooks``.

    Args:
        routes_traffic: Whether the deployment has the events about traffic.
    """
    if hooks.empty:
        return
    if hooks.mapping is None:
        findings.fault(
            hooks.line, "hooks has no lifecycle events below it; write hooks: and ApplicationStart: below"
        )
        return
    locations: dict[str, Value] = {}
    for event, scripts in hooks.mapping.items():
        # An event without scripts is passed over, whatever it is called.
        if not scripts.empty:
            _judge_event(event, scripts.line, findings, routes_traffic=routes_traffic)
            for location in _scripts(event, scripts, bundle, findings):
                if _judge_location(location, bundle, findings):
                    locations[location.text.strip()] = location
    if not bundle.windows:
        judge_scripts(bundle.contents(locations), findings)


def _judge_event(event: str, line: int, findings: Findings, *, routes_traffic: bool) -> None:
    if event in WITHOUT_SCRIPTS:
        instead = WITHOUT_SCRIPTS[event]
        findings.doubt(line, f"CodeDeploy runs no script in {event}; write {instead}:")
    elif event not in EVENTS:
        meant = nearest(event, EVENTS)
        instead = f"write {meant}:" if meant else f"there are {', '.join(EVENTS)}"
        findings.fault(line, f"no lifecycle event is called {quoted(event)}; {instead}")
    elif event in WITH_TRAFFIC and not routes_traffic:
        findings.doubt(line, f"{event} never runs, as the deployment group leaves the load balancer alone")


def _scripts(event: str, scripts: Value, bundle: Bundle, findings: Findings) -> Iterator[Value]:
    """Judge the scripts of an event, and give the location of each."""
    if scripts.items is None:
        meant = scripts.get("location").text or scripts.text or "scripts/start.sh"
        findings.fault(
            scripts.line,
            f"{quoted(event)} has no list of scripts; write - location: {quoted(meant)} below it",
        )
        return
    timeouts: list[int] = []
    for script in scripts.items:
        if script.mapping is None:
            right = f"- location: {quoted(script.text)}" if script.text else "- location: and a script"
            findings.fault(script.line, f"a script of {quoted(event)} has no location; write {right}")
            continue
        check_keys(script, KEYS, findings)
        timeouts += _timeout(script.get("timeout"), findings)
        _judge_user(script.get("runas"), bundle, findings)
        location = script.get("location")
        if location.what is None or not location.text.strip():
            findings.fault(
                location.line, f"a script of {quoted(event)} has no location; write location: and its path"
            )
        else:
            yield location
    if sum(timeouts) > AN_HOUR:
        findings.doubt(
            scripts.line,
            f"the timeouts of {event} are {sum(timeouts):,} s together, and its scripts have {AN_HOUR:,} s",
        )


def _timeout(timeout: Value, findings: Findings) -> Sequence[int]:
    if timeout.empty:
        return ()
    if isinstance(timeout.what, bool) or not re.fullmatch(
        r"\s*[-+]?[0-9][0-9_]{0,300}(\.[0-9]*)?\s*", timeout.text
    ):
        # Ruby takes the digits at the start of a text, and 0 where there are none.
        findings.fault(
            timeout.line,
            f"timeout is {quoted(timeout.text)}, which is no number of seconds; write timeout: 300",
        )
        return ()
    seconds = int(float(timeout.text))
    if seconds <= 0:
        findings.fault(
            timeout.line,
            f"timeout is {quoted(timeout.text)}; write 1 or more seconds, or leave it out for {AN_HOUR:,}",
        )
        return ()
    return (seconds,)


def _judge_user(user: Value, bundle: Bundle, findings: Findings) -> None:
    if user.what is not None and bundle.windows:
        findings.doubt(user.line, "runas means nothing on Windows; leave it out")
    elif SHELL_READS.search(user.text.strip()):
        findings.fault(user.line, f"runas is {quoted(user.text)}, which is no user's name")


def _judge_location(location: Value, bundle: Bundle, findings: Findings) -> bool:
    """Return whether there is a script to look into."""
    path = location.text.strip()
    kind = bundle.kind(path)
    if kind is Kind.FILE:
        if not bundle.windows and SHELL_READS.search(path):
            findings.fault(
                location.line,
                f"a shell reads the location {quoted(path)} as several words; call the script otherwise",
            )
        return True
    if kind is Kind.FOLDER:
        findings.fault(location.line, f"{quoted(path)} is a folder; write the path of a script in it")
    elif kind is Kind.LINK:
        findings.fault(location.line, f"{quoted(path)} is a link that leads nowhere")
    else:
        findings.fault(location.line, f"{quoted(path)} is not in the release{_instead(path, bundle)}")
    return False


def _instead(path: str, bundle: Bundle) -> str:
    first = path.split(maxsplit=1)[0] if path else path
    if first != path and bundle.kind(first) is Kind.FILE:
        return f", as a location takes no arguments; write {quoted(first)} and put them into the script"
    near = bundle.nearest(path)
    return f"; write {quoted(near)}" if near else ""
