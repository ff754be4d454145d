"""The agents that a rehearsal is given, in place of as many as there are jobs at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gocd.errors import GoCDError
from gocd.numbers import whole
from gocd.pipeline import Job, Pipeline, Stage
from gocd.rehearsal.standin_gocd.agents import Resources, has_all

# More than anybody rehearses with, and each gets a folder.
_MOST = 100


def read_agents(words: Iterable[str]) -> list[Resources] | None:
    """Read ``2`` or ``2:linux,docker``, which is a number of agents and the resources of each of these.

    Returns:
        The resources of each agent; None where no word says anything.

    Raises:
        GoCDError: One is neither.
    """
    agents: list[Resources] = []
    for word in words:
        number, _, resources = word.partition(":")
        count = whole(number)
        if not count:
            raise GoCDError(f"--agents {word} is no number of agents; write 2, or 2:linux,docker")
        agents += [tuple(each.strip() for each in resources.split(",") if each.strip())] * count
        if len(agents) > _MOST:
            raise GoCDError(f"--agents {word} is too many; a rehearsal has {_MOST} at most")
    return agents or None


def check_agents(pipeline: Pipeline, agents: Sequence[Resources]) -> None:
    """See that there is an agent for every job.

    Raises:
        GoCDError: One would wait for ever, which a real server lets it.
    """
    for stage in pipeline.stages:
        for job in stage.jobs:
            if not job.elastic_profile_id and not any(has_all(each, job.resources) for each in agents):
                raise GoCDError(_unwanted(stage, job, agents))


def agents_needed(pipeline: Pipeline) -> str:
    """Say what a site without so many agents would not have; nothing where one agent is enough."""
    counts = {
        stage.name: sum(
            each.run_instances if isinstance(each.run_instances, int) else 1 for each in stage.jobs
        )
        for stage in pipeline.stages
    }
    most = max(counts.values(), default=1)
    if most == 1:
        return ""
    stages = ", ".join(name for name, count in counts.items() if count == most)
    return f"Agents: one for each of {most} jobs at a time in {stages}; --agents 1 has them run one by one"


def _unwanted(stage: Stage, job: Job, agents: Sequence[Resources]) -> str:
    wanted = ",".join(job.resources)
    there = sorted({",".join(each) for each in agents if each})
    have = f"those there are have {' or '.join(there)}" if there else "those there are have none"
    advice = f"Give it one: --agents 1:{wanted}"
    return (
        f"{stage.name}/{job.name} wants an agent with {wanted}, and {have}: it would wait for ever. {advice}"
    )
