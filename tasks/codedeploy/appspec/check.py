"""What CodeDeploy could not deploy, refused before anything is sent."""

from tasks.archives.artifact import Artifact
from tasks.archives.member import Kind
from tasks.aws.deployment_state import Revision
from tasks.codedeploy.appspec.bundle import APPSPEC, MISNAMED, Bundle, open_bundle
from tasks.codedeploy.appspec.findings import Findings
from tasks.codedeploy.appspec.judge import judge
from tasks.running.errors import Refused
from tasks.running.quoting import listed

# Faults that one line names; who has put these right sees the others.
MOST_TOLD = 12


def check_revision(
    artifact: Artifact, revision: Revision, *, windows: bool, routes_traffic: bool
) -> Findings:
    """Refuse a release that would fail on the instance; return what is to be said of one that would not.

    Args:
        windows: Whether it is for Windows.
        routes_traffic: Whether CodeDeploy takes the instance out of a load balancer and puts it back.

    Raises:
        Refused: With every fault there is, each with its line.
    """
    if windows and revision.bundle != "zip":
        # CodeDeploy user guide, Create a revision.
        raise Refused(f"CodeDeploy unpacks no {revision.bundle} on Windows; pack {artifact.name} as .zip")
    bundle = open_bundle(artifact, windows=windows)
    if bundle.kind(APPSPEC) is not Kind.FILE:
        raise Refused(
            f"{artifact.name} has no {APPSPEC} at its top{_where(bundle)}; CodeDeploy cannot deploy it"
        )
    findings = judge(bundle, routes_traffic=routes_traffic)
    if findings.faults:
        told = listed(map(str, findings.in_order), MOST_TOLD, "; ")
        raise Refused(f"CodeDeploy cannot deploy {artifact.name}: {told}")
    return findings


def _where(bundle: Bundle) -> str:
    if bundle.kind(MISNAMED) is Kind.FILE:
        return f", but {MISNAMED}: call that {APPSPEC}"
    found = bundle.nearest(APPSPEC)
    return f", but {found}: put that at the top" if found.endswith(f"/{APPSPEC}") else ""
