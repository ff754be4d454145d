"""A rollout that lacks a permission, found out at each of its changes."""

from collections.abc import Mapping

from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.rolling_deploy.conftest import MakeFleet
from tests.tasks.test_cli import one_error
from tests.tasks.test_frame_denied import denied

# What the last line says, by the action that is denied; the release is in S3 after the first.
ROLLING: Mapping[str, str] = {
    "s3:PutObject": "nothing was changed",
    "ec2:CreateTags": "nothing was changed",
    "elasticloadbalancing:DeregisterTargets": "nothing was changed",
    "ssm:SendCommand": "Fleet-1 runs what it ran before, and Fleet-1 stays out of fleet",
}


def test_a_rollout_that_may_not_go_on_says_what_its_batch_runs_and_where_it_is(
    cloud: World, gocd_tasks: CommandLine, fleet: MakeFleet
) -> None:
    servers = fleet(2)
    for action, state in ROLLING.items():
        done = denied(cloud, gocd_tasks, action, *servers.words())
        assert f"; {state}" in one_error(done), action
        assert set(servers.versions().values()) == {"1.0"}, action
