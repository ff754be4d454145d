"""Two stacks that take turns: cloned, led to, back, led to again, and the one that was left retired."""

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine, Done
from tests.tasks.clone_environment.cloning import blue_stack, described
from tests.tasks.retire_environment.retiring import share, shares

GREEN, BLUE = "green:blue,green", "blue:blue,green"
LEAD = ("switch-traffic", GREEN, "--load-balancer", "users-lb", "--steps", "50,100", "--settle", "5")


@pytest.mark.exhaustive
@pytest.mark.end_to_end
def test_stacks_take_turns_as_groups_do(cloud: World, gocd_tasks: CommandLine, sample: Service) -> None:
    front = cloud.target_group("users", wait=False)
    blue_stack(cloud, sample)

    def done(*words: str) -> Done:
        ended = gocd_tasks(*words, GOCD_TASKS_PARAMETER_PASSWORD="second-hush")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended

    def name(side: str) -> str:
        found = cloud.client("elbv2").describe_target_groups()["TargetGroups"]
        names = [str(each["TargetGroupName"]) for each in found]
        return next(each for each in names if each.startswith(f"{side}-"))

    share(cloud, front, **{name("blue"): 1})
    done("clone-environment", BLUE, "--name", GREEN)
    done(*LEAD)
    assert shares(cloud, front) == {name("blue"): 0, name("green"): 100}
    early = gocd_tasks("retire-environment", BLUE)
    assert early.returncode == 2
    assert f"blue was left for {name('green')} 0 min ago" in early.stderr
    done("switch-traffic", "--back", "--load-balancer", "users-lb")
    assert list(shares(cloud, front)) == [name("blue")]
    serving = gocd_tasks("retire-environment", BLUE, "--keep-for", "0")
    assert f"blue serves: HTTP:80 of users-lb sends requests to {name('blue')}" in serving.stderr
    done(*LEAD)
    cloud.journal.clear()
    done("retire-environment", BLUE, "--keep-for", "0")
    order = [
        each.operation for each in cloud.journal.calls if each.operation in ("ModifyListener", "DeleteStack")
    ]
    assert order == ["ModifyListener", "DeleteStack"]
    assert list(shares(cloud, front)) == [name("green")]
    assert "nothing to do" in done("retire-environment", BLUE, "--keep-for", "0").stdout
    # The next turn: who was green is blue.
    done("clone-environment", BLUE, "--name", GREEN)
    assert described(cloud, "blue")["StackStatus"] == "CREATE_COMPLETE"
    refused = gocd_tasks("switch-traffic", "--back", "--load-balancer", "users-lb")
    assert refused.returncode == 2
    assert f"has {name('green')} alone, where the switch from blue-" in refused.stderr
