"""Machines that a pipeline takes out, deploys to and puts back: in one order alone nobody is hurt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from gocd.finding import Finding, Level
from gocd.lint.calls import Call
from gocd.nearest import nearest
from gocd.pipeline import Pipeline

# The tasks that change who serves, or what.
CHANGING = (
    *("detach-instance", "deploy-artifact", "attach-instance", "rolling-deploy", "upgrade-herd"),
    *("clone-environment", "switch-traffic", "retire-environment"),
)


def wrong_turns(pipeline: Pipeline, calls: Sequence[Call], everywhere: Sequence[Call]) -> Iterator[Finding]:
    """Find what the calls of *pipeline* leave undone; *everywhere* are those of all files."""
    yield from _left_out(pipeline, calls, everywhere)
    yield from _not_taken_out(pipeline, calls)
    yield from _on_by_hand(pipeline, calls)
    yield from _unwatched(pipeline, calls)


def _of(calls: Sequence[Call], task: str) -> Iterator[tuple[Call, str]]:
    """The calls of *task*, each with the instance that it names."""
    for call in calls:
        if call.command.name == task and (instance := call.value("INSTANCE")):
            yield call, instance


def _left_out(pipeline: Pipeline, calls: Sequence[Call], everywhere: Sequence[Call]) -> Iterator[Finding]:
    deployed = {instance for _, instance in _of(calls, "deploy-artifact")}
    back = {instance for _, instance in _of(everywhere, "attach-instance")}
    # One whose name only a shell knows may be any of them.
    anybody = any(
        call.command.name == "attach-instance" and not call.value("INSTANCE") for call in everywhere
    )
    for call, instance in _of(calls, "detach-instance"):
        if instance in deployed and instance not in back and not anybody:
            what = f"{instance} is taken out, and no attach-instance puts it back"
            yield _warning(pipeline, call, what, nearest(instance, back) or "end with attach-instance")


def _not_taken_out(pipeline: Pipeline, calls: Sequence[Call]) -> Iterator[Finding]:
    out: set[str] = set()
    back = {instance for _, instance in _of(calls, "attach-instance")}
    for call in calls:
        if call.command.name == "detach-instance":
            if (instance := call.value("INSTANCE")) is None:
                return
            out.add(instance)
        serving = call.command.options.get("--while-serving")
        if call.command.name != "deploy-artifact" or serving is None or call.may_have(serving):
            continue
        deployed = call.value("INSTANCE")
        if deployed in back - out:
            what = f"a deployment to {deployed}, which no detach-instance has taken out before"
            yield _warning(pipeline, call, what, nearest(deployed, out) or "begin with detach-instance")


def _on_by_hand(pipeline: Pipeline, calls: Sequence[Call]) -> Iterator[Finding]:
    """A stage that goes on with a change although the one before it failed, if a person starts it.

    Source: GoCD's Approval.java
    """
    changing = {call.scope.stage.name for call in calls if call.command.name in CHANGING}
    stages = [stage for stage in pipeline.stages if stage.name in changing]
    for before, stage in pairwise(stages):
        if not stage.approval.allow_only_on_success:
            kind = "manual" if stage.approval.manual else "success"
            what = f"anybody may start stage '{stage.name}' after '{before.name}' has failed"
            hint = f"write 'approval: {{type: {kind}, allow_only_on_success: true}}'"
            yield Finding(Level.WARNING, pipeline.file, stage.line, stage.column, what, hint)


def _unwatched(pipeline: Pipeline, calls: Sequence[Call]) -> Iterator[Finding]:
    """Traffic that is begun in a job and judged by nobody, or judged where none is begun."""
    traffic = [call for call in calls if call.command.name == "verify-traffic"]
    begun = [call for call in traffic if _is(call, "--start")]
    ended = [call for call in traffic if _is(call, "--finish")]
    for call in begun:
        if not any(each.scope.job is call.scope.job for each in ended):
            what = f"job '{call.scope.job.name}' begins traffic and does not judge it"
            yield _warning(pipeline, call, what, "end the job with verify-traffic --finish, 'run_if: any'")
    for call in ended:
        if not any(each.scope.job is call.scope.job for each in begun):
            what = f"job '{call.scope.job.name}' judges traffic that it has not begun"
            yield _warning(pipeline, call, what, "begin the job with verify-traffic --start")


def _is(call: Call, flag: str) -> bool:
    return any(flag in each.names for each in call.given)


def _warning(pipeline: Pipeline, call: Call, what: str, instead: str) -> Finding:
    return Finding(Level.WARNING, pipeline.file, call.at.line, call.at.column, what, instead)
