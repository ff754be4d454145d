"""A pipeline rehearsed on this machine: stand-in agent, stand-in AWS, and traffic all the way through."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from gocd.errors import GoCDError
from gocd.pipeline import Pipeline
from gocd.rehearsal.agents_given import agents_needed
from gocd.rehearsal.beat import beat
from gocd.rehearsal.beforehand import checked_site, given_at_trigger
from gocd.rehearsal.built_site import BuiltSite, build_site, upstream_runs
from gocd.rehearsal.capacity import CapacityWatch
from gocd.rehearsal.conclusion import Rehearsed, conclude, verdict
from gocd.rehearsal.going_on import leave_environment
from gocd.rehearsal.herd_site import build_herd_site
from gocd.rehearsal.injected_faults import breakage, explain, inject
from gocd.rehearsal.load.lateness import Lateness
from gocd.rehearsal.load.plan_traffic import PlanTraffic
from gocd.rehearsal.load.traffic import Traffic, TrafficFailed
from gocd.rehearsal.over_http import OverHTTP
from gocd.rehearsal.own_folder import own_folder
from gocd.rehearsal.pair_site import build_pair_site
from gocd.rehearsal.plan import Plan
from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.site import Site
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.settings import Settings
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.standin_gocd.api.listening import listening
from gocd.rehearsal.standin_gocd.assignment import Hooks
from gocd.rehearsal.standin_gocd.foreground import Foreground, Orders
from gocd.rehearsal.standin_gocd.materials import Upstream
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status
from gocd.rehearsal.standin_gocd.server import Server
from gocd.rehearsal.storyline import Storyline
from gocd.rehearsal.summary import Capacity
from gocd.rehearsal.turns import Turns
from gocd.samples.measurement import measure
from gocd.task_variables import variable

# Seconds of traffic before the pipeline starts and after it ends, to see each version alone.
LEAD = 2.0

# Seconds between looks at who serves, and between updates of what a person watches.
WATCH, TICK = 0.2, 0.5

# Whatever there may be in its folder.
NAMES = (
    *("agents", "artifacts", "aws", "built", "upstream", "traffic", "traffic.jtl", "summary.json"),
    *("report.html", "environment.sh", "events.jsonl"),
)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Telling:
    """Who is told how it goes.

    Args:
        say: Gets each whole line.
        show: Gets what stands now, twice a second, to be shown in place where a person watches.
        stands: Gets what is left if the rehearsal ends before its time.
    """

    say: Say
    show: Say = lambda _: None
    stands: Say = lambda _: None


def rehearse(plan: Plan, telling: Telling) -> Rehearsed:
    """Run the pipeline of *plan* once, and measure what its users would have seen.

    Leaves ``report.html``, ``summary.json``, ``traffic.jtl`` and all that the agents wrote in the
    plan's folder.

    Raises:
        GoCDError: The file is wrong, or something that a rehearsal needs is missing.
    """
    site = checked_site(plan)
    say = telling.say
    # With an error among them, the file was refused.
    for warning in plan.findings:
        say(f"Warning: {warning}")
    if plan.fault:
        say(f"Fault {plan.fault}: {explain(plan.fault)}")
    for name, (own, scaled) in plan.scaled_parameters().items():
        say(f"Parameter {name}: {scaled} instead of {own}, at speed {plan.speed:g}")
    for name, (own, other) in plan.platform_parameters().items():
        say(f"Parameter {name}: {other} instead of {own}, on {plan.platform}")
    if not plan.agents and (needed := agents_needed(plan.pipeline())):
        say(needed)
    for name, here in plan.names_here().items():
        say(f"{name}: is called {here} here")
    with own_folder(plan.folder, NAMES, needed=plan.inputs) as empty:
        telling.stands(f"what an earlier rehearsal left in {plan.folder} may be gone")
        empty()
        telling.stands(f"nothing of it runs any more, and what it wrote is in {plan.folder}")
        return _rehearsed(plan, site, telling)


def _rehearsed(plan: Plan, site: Site, telling: Telling) -> Rehearsed:
    say = telling.say
    versions = site.versions[0], plan.version or site.versions[1]
    release = plan.artifact or build_release(versions[1], plan.folder / "built", broken=breakage(plan.fault))
    with StandInAWS(
        plan.folder / "aws",
        region=site.region,
        deployment_speed=plan.speed,
        propagation_speed=plan.speed,
    ) as aws:
        built = _built(aws, site, versions, plan)
        say(_introduction(aws, built, versions[0]))
        if not aws.parts.plane.cuts:
            say("This machine lets nobody cut off a connection: here requests may outlive their drain")
        pipeline = plan.pipeline(users=built.front.url)
        story = Storyline(say)
        hooks = Hooks(task_started=inject(plan.fault, aws, built), task_ended=story.add, waits=story.waits)
        upstream = upstream_runs(pipeline, versions[1], release, plan.folder / "upstream")
        server = _server(plan, pipeline, upstream, aws, hooks)
        turns = Turns(plan, pipeline, versions[1], upstream)
        with _asked(plan, server) as orders:
            if plan.serve:
                say(f"Stand-in GoCD at {server.url}, for gocd-tasks pipeline ... --server {server.url}")
            given = given_at_trigger(pipeline, versions[1])
            foreground = Foreground(server, pipeline.name, variables=given, orders=orders)
            run, capacity, lateness = _under_traffic(plan, aws, built, foreground, turns, telling)
            seen = measure(plan.folder / "traffic.jtl")
            rehearsed = Rehearsed(run, seen, capacity, verdict(aws, run, seen), lateness)
            conclude(rehearsed, story, plan, pipeline, say)
            if plan.keep:
                here = {**aws.environment, **lag_of_agents(plan.speed)}
                if plan.serve:
                    here["GO_SERVER_URL"] = server.url
                script = leave_environment(plan.folder, pipeline, run, here)
                say(f"Kept running: AWS_ENDPOINT_URL={aws.endpoint_url}, its users at {built.front.url}")
                say(f"To go on by hand, in another terminal: . {script}")
                if plan.serve:
                    say(f"Or there: gocd-tasks pipeline status {pipeline.name} --server {server.url}")
                say("It stays in the foreground, and its AWS with it, until Ctrl-C.")
                plan.keep()
    return rehearsed


@contextmanager
def _asked(plan: Plan, server: Server) -> Iterator[Orders]:
    """Whom the run is asked of; a server on the network does whatever people ask of it, to the end."""
    if not plan.serve:
        yield server
        return
    with listening(server) as url:
        try:
            yield OverHTTP(url)
        finally:
            server.close()


def _built(aws: World, site: Site, versions: tuple[str, str], plan: Plan) -> BuiltSite:
    if site.herd:
        return build_herd_site(aws, site.herd, versions, plan.fault, plan.speed)
    if site.pair:
        return build_pair_site(aws, site, versions[0], plan.speed)
    return build_site(aws, site, plan.kind, versions[0], plan.speed, plan.platform)


def _under_traffic(
    plan: Plan, aws: World, built: BuiltSite, server: Foreground, turns: Turns, telling: Telling
) -> tuple[PipelineRun, Capacity, Lateness]:
    front = built.front
    jtl = plan.folder / "traffic.jtl"
    watch = CapacityWatch(aws, front, len(built.instances))
    try:
        with (
            _traffic(plan, aws, front, jtl) as traffic,
            beat(WATCH, watch.look),
            beat(TICK, lambda: telling.show(_flow(traffic, watch))),
        ):
            traffic.wait_until_flowing()
            telling.say(f"Traffic: {plan.rate:,.15g} requests/s to {front.url}")
            time.sleep(LEAD)
            with cancelling(server, telling.say):
                run = turns.run(lambda: _run(plan, server, telling.say), telling.say)
            time.sleep(LEAD)
    except TrafficFailed as failure:
        raise GoCDError(str(failure)) from None
    return run, watch.seen, traffic.lateness


def _traffic(plan: Plan, aws: World, front: LoadBalancer, jtl: Path) -> Traffic | PlanTraffic:
    if plan.users_plan:
        return PlanTraffic(front.url, plan.rate, plan.users_plan, jtl, aws.ending)
    # Behind a TCP load balancer a kept connection stays with its instance whatever is deregistered.
    return Traffic(front.url, plan.rate, jtl, new_connections=front.kind == "network")


def _flow(traffic: Traffic | PlanTraffic, watch: CapacityWatch) -> str:
    sent, lost = traffic.progress()
    return f"{sent:,} requests sent, {lost:,} lost, never fewer than {watch.seen.lowest} healthy"


def _run(plan: Plan, server: Foreground, say: Say) -> PipelineRun:
    run = server.run(approve=plan.approve)
    if run.status is Status.FAILED and plan.rerun:
        say("")
        say(f"{run.stages[-1].name} failed; running it again, as a person would by hand")
        run = server.run_stage(run.stages[-1].name, approve=plan.approve)
    return run


@contextmanager
def cancelling(server: Foreground, say: Say) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM cancel the job as GoCD does, so that its commands clean up."""

    def cancel(number: int, _: FrameType | None) -> None:
        say(f"{signal.Signals(number).name}: cancelling the running job")
        server.cancel()

    before = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def lag_of_agents(speed: float) -> dict[str, str]:
    """The variable by which tasks know how soon load balancers follow here: no sooner than they do."""
    return {variable("--lag"): str(math.ceil(Settings.connection_lag / speed) + 1)}


def agent_environment(aws: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, without a way to any AWS but the stand-in, and without its own options."""
    own = ("AWS_", "BOTO", "GO_", "GOCD_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    # The tasks of a pipeline find the gocd-tasks that rehearses it.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**inherited, **aws, "PATH": path, "NO_PROXY": "*"}


def _server(
    plan: Plan, pipeline: Pipeline, upstream: Mapping[str, Upstream], aws: World, hooks: Hooks
) -> Server:
    return Server(
        [pipeline],
        plan.folder,
        environ=agent_environment({**aws.environment, **aws.ending, **lag_of_agents(plan.speed)}),
        fleet=plan.agents,
        checkout=_repository(plan.file),
        upstream=upstream,
        secrets=plan.secrets,
        hooks=hooks,
        speed=plan.speed,
    )


def _repository(file: Path) -> Path:
    return next((parent for parent in file.resolve().parents if (parent / ".git").exists()), file.parent)


def _introduction(aws: World, built: BuiltSite, version: str) -> str:
    # The members of an Auto Scaling group share one name.
    named = Counter(each.name for each in built.instances)
    there = ", ".join(
        f"{each.name if named[each.name] == 1 else f'{each.name} {each.id}'} {each.private_ip}"
        for each in built.instances
    )
    balancers = ", ".join(f"{each.name} ({each.kind} load balancer)" for each in built.load_balancers)
    return f"Stand-in AWS at {aws.endpoint_url}: {balancers} -> {there}; all serve {version}"
