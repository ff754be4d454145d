"""A second stack from the template and the parameters of the first one."""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tasks.aws.api import Aws
from tasks.aws.artifact_store import ArtifactStore
from tasks.aws.cloned_group import CLONE_OF, NOT_OURS_TO_COPY
from tasks.aws.stack import GONE, LONGEST_BODY, NAME, WHOLE, Stack, create_stack, find_stack
from tasks.environments.cloneable import Allowed, capabilities_for, check_length, judge
from tasks.environments.first_order import unless_refused
from tasks.environments.fleet import Fleet, Proof, prove, wait_until_well
from tasks.environments.parameters import Values
from tasks.running.errors import Refused, TaskError
from tasks.running.log import Log
from tasks.running.quoting import clipped
from tasks.running.waiting import Missing, Wait, closely

# API reference, CreateStack: Tags.
MOST_TAGS = 50

UNDER_WAY = ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS")


@dataclass(frozen=True)
class StackClone:
    """What is to be, and the stack that there is already."""

    name: str
    source: Stack
    clone: Stack | None
    template: str
    values: Values
    capabilities: Sequence[str]
    allowed: Allowed
    notes: Sequence[str]

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out does, a line a step."""
        if self.clone is None:
            yield f"{self.name}: a stack from the template and the parameters of {self.source.name}"
            for name in sorted(self.values.overridden):
                yield f"{self.name}: parameter {name} is {clipped(self.values.all[name], 80)}"
            for name in sorted(self.values.unseen):
                yield f"{self.name}: parameter {name} is what nobody is told"
            if self.capabilities:
                yield f"{self.name}: with {', '.join(self.capabilities)}"
        else:
            yield f"{self.name}: is there, a clone of {self.source.name}, {self.clone.status}"
        yield from self.notes
        source = self.source.name
        yield f"{self.name}: cloned from the template; whether {source} has drifted from it is not known"
        yield f"{self.name}: queues, timers and jobs of its software run from its start, beside {source}'s"


def plan_stack_clone(aws: Aws, source: Stack, name: str, values: Values, allowed: Allowed) -> StackClone:
    """Look at the source and its template, and at what there is of the clone.

    Raises:
        Refused: The template cannot be cloned as it is, or the name is taken.
    """
    if not NAME.fullmatch(name):
        raise Refused(f"{name} cannot be the name of a stack, which has letters, digits and hyphens only")
    if source.parent:
        raise Refused(f"{source.name} is nested in another stack", "Clone the outermost one")
    if source.status not in WHOLE:
        raise Refused(f"{source.name} is {source.status}, so nobody knows what a clone of it would be")
    clone = find_stack(aws, name)
    text = source.template()
    notes: list[str] = []
    if clone is None:
        notes += judge(source, values, allowed)
    else:
        _check_clone(clone, source, values)
    if clone is None and sum(not key.startswith(NOT_OURS_TO_COPY) for key in source.tags) >= MOST_TAGS:
        raise Refused(
            f"{source.name} has {MOST_TAGS} tags, the most there can be, and a clone needs one more"
        )
    if clone is None and len(text.encode()) > LONGEST_BODY:
        check_length(text, source, allowed)
    capabilities = capabilities_for(source, allowed) if clone is None else []
    return StackClone(name, source, clone, text, values, capabilities, allowed, notes)


def clone_stack(
    aws: Aws, plan: StackClone, proof: Proof | None, wait: Wait, *, within: float, again: str, keep: bool
) -> Fleet:
    """Make it so, and return what it serves with once all of it is well; safe to repeat.

    Args:
        within: Seconds until all is there and well.
        again: The command that goes on with it.
        keep: Whether a stack that fails stays for a look; CloudFormation deletes it otherwise.

    Raises:
        TaskError: It fails; the message names the first resource that did, and why.
    """
    name, log = plan.name, wait.log
    rid = f"gocd-tasks retire-environment stack:{name} --keep-for 0"
    log.steps(plan.steps)
    log.stands(f"the stack {name} is being made", f"To go on: {again}. To be rid of it: {rid}")
    stack = plan.clone or _create(aws, plan, log, keep=keep)
    _wait_until_made(stack, wait, within, f"Look at it, then: {rid}", f"To go on: {again}")
    log.stands(
        f"the stack {name} stays as it is",
        f"To go on: {again}. To be rid of it: {rid}",
    )
    fleet = Fleet.of(stack.all_resources())
    if fleet.groups or fleet.instances:
        batch = wait_until_well(aws, name, fleet, wait, within)
        log.say(f"{batch.with_verb('is', 'are')} well in {name}")
        if proof:
            prove(name, batch, proof, wait)
    elif proof:
        raise TaskError(f"{name} has no instance that could be asked")
    if plan.source.protected and not stack.protected:
        stack.protect()
    return fleet


def _create(aws: Aws, plan: StackClone, log: Log, *, keep: bool) -> Stack:
    source = plan.source
    tags = {key: value for key, value in source.tags.items() if not key.startswith(NOT_OURS_TO_COPY)}
    tags[CLONE_OF] = source.id
    request: dict[str, Any] = {
        **source.carried,
        **_template(aws, plan),
        "Parameters": plan.values.request,
        "Capabilities": list(plan.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "OnFailure": "DO_NOTHING" if keep else "DELETE",
        "ClientRequestToken": f"gocd-tasks-{uuid4().hex}",
    }
    if policy := source.policy:
        request["StackPolicyBody"] = policy
    with unless_refused(log, any_made=False):
        create_stack(aws, plan.name, request)
    stack = find_stack(aws, plan.name)
    if stack is None:
        raise TaskError(f"the stack {plan.name} was made and is gone already")
    return stack


def _template(aws: Aws, plan: StackClone) -> Mapping[str, str]:
    text = plan.template.encode()
    if len(text) <= LONGEST_BODY:
        return {"TemplateBody": plan.template}
    digest = hashlib.sha256(text).hexdigest()
    key = f"templates/{plan.source.name}-{digest[:12]}.template"
    store = ArtifactStore(aws, plan.allowed.bucket)
    if store.since(key, digest) is None:
        store.put(key, io.BytesIO(text), digest)
    return {"TemplateURL": store.address(key)}


def _wait_until_made(stack: Stack, wait: Wait, within: float, rid: str, again: str) -> None:
    name = stack.name

    def look() -> bool | Missing:
        stack.look()
        if stack.status in UNDER_WAY:
            made = [each for each in stack.resources() if each.status.endswith("_COMPLETE")]
            return Missing(f"{name}: {stack.status}, {len(made)} resources there")
        return True

    wait.until_done(look, pace=closely, within=within)
    if stack.status in WHOLE:
        wait.log.say(f"{name}: {stack.status}")
        return
    failure = stack.first_failure("CREATE")
    if stack.status == GONE:
        wait.log.stands(f"CloudFormation deleted {name} again", again)
    else:
        wait.log.stands(f"the stack {name} stays as it is, {stack.status}", rid)
    raise TaskError(f"{name}: {failure}")


def _check_clone(clone: Stack, source: Stack, values: Values) -> None:
    if clone.tags.get(CLONE_OF) != source.id:
        raise Refused(f"there is a stack {clone.name}, which is no clone of {source.name}")
    for name, value in values.seen.items():
        if name in clone.parameters and clone.parameters[name] != value:
            has = clipped(clone.parameters[name], 80)
            raise Refused(f"{clone.name} is there already, with {name} {has}, not {clipped(value, 80)}")
