"""Whatever a rehearsal refuses, found out before it touches anything."""

from __future__ import annotations

from gocd.errors import GoCDError
from gocd.files import open_regular
from gocd.pipeline import Pipeline
from gocd.rehearsal.agents_given import check_agents
from gocd.rehearsal.built_site import check_windows
from gocd.rehearsal.herd_site import check_herd_fault
from gocd.rehearsal.injected_faults import VALIDATE_FAILS, explain
from gocd.rehearsal.pair_site import check_pair_site
from gocd.rehearsal.plan import Plan
from gocd.rehearsal.sample.release import check_version
from gocd.rehearsal.site import Site, read_site
from gocd.rehearsal.standin_aws.cloud import check_machine
from gocd.rehearsal.standin_gocd.variables import Values
from gocd.rehearsal.turns import check_turns
from gocd.task_variables import variable


def checked_site(plan: Plan) -> Site:
    """Read the site that *plan* is about, and see that it can be rehearsed here.

    Raises:
        GoCDError: It cannot.
    """
    if plan.fault:
        explain(plan.fault)
    _check_inputs(plan)
    plan.check_file()
    pipeline = plan.pipeline()
    site = read_site(pipeline, plan.fleet)
    if plan.agents:
        check_agents(pipeline, plan.agents)
    if plan.platform == "windows":
        check_windows(site)
    if site.pair:
        check_pair_site(plan.kind, plan.platform, plan.fault)
    check_turns(plan, site)
    if site.herd:
        check_herd_fault(plan.fault)
    elif plan.fault == VALIDATE_FAILS:
        raise GoCDError(f"fault {plan.fault} befalls an upgrade of HERD, and this pipeline does none")
    version = plan.version or site.versions[1]
    if not plan.artifact:
        check_version(version)
    Values(plan.secrets, given_at_trigger(pipeline, version)).check(pipeline)
    check_machine()
    return site


def given_at_trigger(pipeline: Pipeline, version: str) -> dict[str, str]:
    """The variables that a person would give: *version*, where the pipeline leaves it open."""
    asked = variable("--version")
    return {asked: version} if pipeline.variables.plain.get(asked) == "" else {}


def _check_inputs(plan: Plan) -> None:
    for given in plan.inputs:
        try:
            open_regular(given).close()
        except OSError as problem:
            raise GoCDError(f"{given} cannot be read: {problem.strerror}") from None
