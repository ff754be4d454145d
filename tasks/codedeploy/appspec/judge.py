"""A release judged as CodeDeploy's agent would judge it once the machine is out.

What the agent fails for is a fault, and so is what it reads as another thing than is written; what it takes
and hardly anybody means is a doubt.

Sources: aws-codedeploy-agent 1.8.1, application_specification.rb; CodeDeploy user guide, AppSpec file
structure for EC2/on-premises deployments.
"""

from tasks.codedeploy.appspec.bundle import APPSPEC, Bundle
from tasks.codedeploy.appspec.files import judge_files
from tasks.codedeploy.appspec.findings import Findings, quoted
from tasks.codedeploy.appspec.hooks import judge_hooks
from tasks.codedeploy.appspec.permissions import judge_permissions
from tasks.codedeploy.appspec.reading import Value, check_keys, nearest, read_appspec

SECTIONS = ("version", "os", "files", "hooks", "permissions", "file_exists_behavior")
SYSTEMS = {"linux": "Linux", "windows": "Windows"}
BEHAVIORS = ("DISALLOW", "OVERWRITE", "RETAIN")

# Where an appspec is for something else than instances, which has other sections.
ELSEWHERE = "Resources"


def judge(bundle: Bundle, *, routes_traffic: bool) -> Findings:
    """Return what is to be said of the release in *bundle*, which has an appspec.

    Args:
        routes_traffic: Whether CodeDeploy takes instances out of a load balancer and puts them back.
    """
    findings = Findings(f"{bundle.top}{APPSPEC}")
    content = bundle.contents([APPSPEC]).get(APPSPEC)
    if content is None:
        findings.fault(1, "is too large to be an appspec")
        return findings
    read = read_appspec(content, findings)
    if read is None:
        return findings
    if read.empty:
        findings.fault(1, "is empty; write at least version: 0.0 and os: linux")
    elif read.mapping is None:
        findings.fault(read.line, "has no sections; write at least version: 0.0 and os: linux")
    else:
        _judge_sections(read, bundle, findings, routes_traffic)
    return findings


def _judge_sections(read: Value, bundle: Bundle, findings: Findings, routes_traffic: bool) -> None:
    check_keys(read, SECTIONS, findings)
    _judge_version(read.get("version"), findings)
    _judge_os(read, findings, windows=bundle.windows)
    _judge_behavior(read.get("file_exists_behavior"), findings)
    judge_hooks(read.get("hooks"), bundle, findings, routes_traffic=routes_traffic)
    copies = judge_files(read.get("files"), bundle, findings)
    judge_permissions(read.get("permissions"), copies, findings, windows=bundle.windows)


def _judge_version(version: Value, findings: Findings) -> None:
    number = isinstance(version.what, int | float) and not isinstance(version.what, bool)
    if number and version.what == 0:
        return
    if version.what is None:
        findings.fault(version.line, "has no version; write version: 0.0")
    elif version.text == "0.0":
        findings.fault(version.line, "version is in quotes, a text; write version: 0.0")
    else:
        findings.fault(version.line, f"version is {quoted(version.text)}; write version: 0.0")


def _judge_os(read: Value, findings: Findings, *, windows: bool) -> None:
    told, right = read.get("os"), "windows" if windows else "linux"
    if told.what == right:
        return
    if told.text in SYSTEMS:
        findings.fault(
            told.line, f"os is {told.text}, and the instance runs {SYSTEMS[right]}; write os: {right}"
        )
    elif told.what is None:
        elsewhere = ", so it is for ECS or Lambda" if ELSEWHERE in (read.mapping or {}) else ""
        findings.fault(told.line, f"has no os{elsewhere}; write os: {right}")
    else:
        findings.fault(told.line, f"os is {quoted(told.text)}; write os: {right}")


def _judge_behavior(behavior: Value, findings: Findings) -> None:
    if behavior.what is None or behavior.what in BEHAVIORS:
        return
    meant = nearest(behavior.text, BEHAVIORS)
    right = meant or f"one of {', '.join(BEHAVIORS)}"
    findings.fault(behavior.line, f"file_exists_behavior is {quoted(behavior.text)}; write {right}")
