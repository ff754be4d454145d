"""One pipeline sent through one trap, under traffic."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import requests

from gocd.errors import GoCDError
from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.load.traffic import Traffic, TrafficFailed
from gocd.rehearsal.rehearsal import LEAD, agent_environment, cancelling, lag_of_agents
from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.standin_gocd.foreground import Foreground
from gocd.rehearsal.standin_gocd.server import Server
from gocd.rehearsal.traps.outcome import Outcome, outcome
from gocd.rehearsal.traps.trap import NEW, OLD, SPEED, Ground, Trap
from gocd.rehearsal.traps.ways import BUCKET, INSTALL_TO, UNIT, Way, write_pipeline
from gocd.samples.measurement import measure

# Seconds between two looks at a service that is not ready.
PAUSE = 0.1


def check_programs() -> None:
    """Raise GoCDError if this machine lacks what one of the pipelines runs."""
    if not shutil.which("aws", path=agent_environment({})["PATH"]):
        raise GoCDError("the AWS CLI is not installed: pip install 'gocd-tasks[traps]'")


def go_through(trap: Trap, way: Way, folder: Path) -> Outcome:
    """Build the site of *trap* anew, roll out in this *way*, and judge what that did.

    Args:
        folder: Must not be there yet; all of it is kept there.

    Raises:
        GoCDError: Something that a rehearsal needs is missing.
    """
    # Its tasks run in folders of their own.
    folder = folder.resolve()
    folder.mkdir(parents=True)
    release = build_release(NEW, folder / "built", broken=trap.broken)
    with StandInAWS(
        folder / "aws", health_check_speed=SPEED, deployment_speed=SPEED, propagation_speed=SPEED
    ) as aws:
        aws.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": aws.region}
        )
        place = trap.build(Ground(aws, _service(folder)))
        pipeline = read_pipelines(write_pipeline(way, trap, place, release, folder))[0]
        if trap.cut and not aws.parts.plane.cuts:
            raise GoCDError(
                f"trap {trap.name} needs a machine that lets connections be cut off: pidfd_getfd, in Docker "
                "the capability SYS_PTRACE"
            )
        _until_all_answer(aws, trap.users.path)
        trap.meanwhile(aws, place)
        environ = agent_environment({**aws.environment, **aws.ending, **lag_of_agents(SPEED)})
        server = Foreground(Server([pipeline], folder, environ=environ, speed=SPEED), pipeline.name)
        jtl = folder / "traffic.jtl"
        users = trap.users
        traffic = Traffic(
            place.front.url.rstrip("/") + users.path,
            users.rate,
            jtl,
            new_connections=users.new_connections,
            clients=users.clients,
            blind=users.blind,
        )
        try:
            with traffic:
                traffic.wait_until_flowing()
                time.sleep(LEAD)
                with cancelling(server, lambda _: None):
                    run = server.run()
                time.sleep(LEAD)
        except TrafficFailed as failure:
            raise GoCDError(str(failure)) from None
        return outcome(aws, place, run, measure(jtl))


def _until_all_answer(aws: World, path: str, *, patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    for each in aws.parts.instances:
        while each.service and not _answers(f"http://{each.private_ip}:{each.service.port}{path}"):
            if time.monotonic() > deadline:
                raise GoCDError(f"{each.name} does not answer its users after {patience:g} s")
            time.sleep(PAUSE)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=30).ok
    except requests.RequestException:
        return False


def _service(folder: Path) -> Callable[..., Service]:
    def service(*options: str) -> Service:
        return Service(
            exec_start=[
                *("{python}", "{install_to}/current/service.py"),
                *("--host", "{private_ip}", "--port", "{port}"),
                *options,
            ],
            unit=UNIT,
            install_to=INSTALL_TO,
            archives={f"{INSTALL_TO}/releases/{OLD}": build_release(OLD, folder / "built")},
            links={f"{INSTALL_TO}/current": f"releases/{OLD}"},
        )

    return service
