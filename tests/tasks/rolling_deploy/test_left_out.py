"""Who gets no turn is named, and nobody is left out for what passes."""

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.rolling_deploy.conftest import MakeFleet

pytestmark = pytest.mark.end_to_end


def test_who_is_turned_off_is_named_and_whose_health_aws_cannot_tell_gets_its_turn(
    cloud: World, fleet: MakeFleet
) -> None:
    three = fleet(3)
    one, two, off = three.servers
    cloud.client("ec2").stop_instances(InstanceIds=[off.id])
    eventually(lambda: three.power(off), "stopped")
    two.health_known = False
    eventually(three.health, {one.id: "healthy", two.id: "unavailable", off.id: "unused"})

    def known_again(call: Call) -> None:
        two.health_known = two.health_known or call.operation == "RegisterTargets"

    cloud.faults.after_call = known_again
    ran = three.roll()

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert three.installs(one) == three.installs(two) == 1
    assert "Fleet-3 (stopped): left out" in ran.stdout
    assert "left out: Fleet-3 (stopped); " in ran.stdout.splitlines()[-1]
