"""Bring up a second environment beside one that serves, and wait until all of it is well."""

import os
from enum import Enum
from typing import Annotated

from tasks import options
from tasks.aws.cloned_group import GroupEntry
from tasks.environments.clone_group import clone_group, plan_group_clone
from tasks.environments.clone_stack import clone_stack, plan_stack_clone
from tasks.environments.cloneable import Allowed
from tasks.environments.ending import said
from tasks.environments.environment import find_environment, parted
from tasks.environments.fleet import Proof
from tasks.environments.pair import named
from tasks.environments.parameters import values_for
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.next_command import gocd_tasks
from tasks.running.numbers import seconds
from tasks.status.check import check_of_version, parse_fields


class OnFailure(str, Enum):
    KEEP = "keep"
    DELETE = "delete"


def command(
    source: Annotated[
        str,
        argument(
            "SOURCE",
            "A stack or an Auto Scaling group; stack:NAME and group:NAME settle a doubt; blue:A,B is the "
            "one of two that take turns.",
        ),
    ],
    name: Annotated[
        str,
        option(
            "--name", "What the clone is called, and its target group; green:A,B is the other of the two."
        ),
    ],
    parameter: Annotated[
        list[str] | None,
        option(
            "--parameter",
            "KEY=VALUE in place of the stack's own; repeatable. What CloudFormation tells nobody (NoEcho) is "
            "taken from GOCD_TASKS_PARAMETER_KEY, the KEY in capitals.",
        ),
    ] = None,
    on_failure: Annotated[
        OnFailure, option("--on-failure", "What becomes of a clone of this run that fails.")
    ] = OnFailure.KEEP,
    version: options.Version = None,
    status_url: options.StatusUrl = None,
    expect_json: options.ExpectJson = None,
    status_timeout: options.StatusTimeout = 60,
    allow_new_state: Annotated[
        bool, option("--allow-new-state", "Clone databases, buckets and volumes too, with nothing in them.")
    ] = False,
    allow_fixed_names: Annotated[
        bool, option("--allow-fixed-names", "Names written into the template are no hindrance.")
    ] = False,
    capability: Annotated[
        list[str] | None,
        option("--capability", "What the stack may do beside what SOURCE was given; repeatable."),
    ] = None,
    bucket: Annotated[
        str | None, option("--bucket", "The S3 bucket for a template of more than 51,200 bytes.")
    ] = None,
    timeout: Annotated[
        float, option("--timeout", "Seconds until all of it must be there and healthy.", seconds())
    ] = 3600,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Bring up a second environment as SOURCE is, and wait until every instance of it is well.

    Nobody is sent to it: that is what switch-traffic is for. Run again, it goes on with the clone it made.

    Example: gocd-tasks clone-environment blue --name green
    --status-url http://{private_ip}:8080/_status --expect-json version={version}
    """
    with running("clone-environment", events, color) as task:
        parse_fields(expect_json or [])
        proof = None
        if status_url:
            url, fields = status_url, expect_json or []
            proof = Proof(lambda each: check_of_version(url, fields, each, version or ""), status_timeout)
        source, name = (named(task.aws, each, before=True) for each in (source, name))
        found = find_environment(task.aws, source)
        name = parted(name)[1]
        if found.name == name:
            raise Refused(f"{name} is what {source} itself is called; give the clone another name")
        again = gocd_tasks(*task.words)
        keep = on_failure is OnFailure.KEEP
        if isinstance(found, GroupEntry):
            if parameter or capability:
                raise Refused(f"{source} is an Auto Scaling group, which has no parameters and capabilities")
            group = plan_group_clone(task.aws, found, name, task.wait)
            if dry_run:
                task.log.steps(group.steps)
                return
            fleet = clone_group(task.aws, group, proof, task.wait, within=timeout, again=again, keep=keep)
        else:
            values = values_for(found, parameter or [], os.environ)
            allowed = Allowed(allow_new_state, allow_fixed_names, capability or [], bucket or "")
            stack = plan_stack_clone(task.aws, found, name, values, allowed)
            if dry_run:
                task.log.steps(stack.steps)
                return
            fleet = clone_stack(task.aws, stack, proof, task.wait, within=timeout, again=again, keep=keep)
        task.log.steps(said(task.aws, name, found.name, fleet, task.log.calls()))
