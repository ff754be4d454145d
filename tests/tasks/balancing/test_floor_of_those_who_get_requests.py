"""Healthy is not all: a zonal shift, thresholds of health, and zones that serve for themselves."""

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.target_events import set_thresholds, start_zonal_shift
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.test_cli import changes, healthy, one_error


def test_the_last_outside_of_a_shifted_zone_stays(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application")
    start_zonal_shift(cloud, made, pair.two.zone)
    eventually(lambda: cloud.serving(made), {pair.one.id})
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert done.returncode == 2
    line = one_error(done)
    assert "1 healthy and 1 more without traffic during a zonal shift of 2" in line
    assert "Staging-1 is the last healthy instance in staging; nothing was changed" in line
    assert changes(cloud) == []

    free = gocd_tasks("detach-instance", "Staging-2", "--load-balancer", "staging")
    assert free.returncode == 0
    assert "Staging-2: healthy, without traffic during a zonal shift in staging; taking it out" in free.stdout
    back = gocd_tasks("attach-instance", "Staging-2", "--load-balancer", "staging")
    assert (back.returncode, back.stderr) == (0, "")
    assert "Staging-2: healthy, without traffic during a zonal shift in staging\n" in back.stdout


def test_users_are_not_sent_to_an_unhealthy_one_for_want_of_healthy_ones(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, sample: Service
) -> None:
    made = behind("application")
    set_thresholds(cloud, made, opens_below=2)
    third = cloud.launch("Staging-3", service=sample)
    cloud.client("elbv2").register_targets(TargetGroupArn=made.arn, Targets=[{"Id": third.id}])
    cloud.wait_until_serving(made, [third])
    cloud.faults.unreachable(third.id)
    eventually(lambda: healthy(cloud, made), {pair.one.id, pair.two.id})
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert done.returncode == 2
    assert "fewer than 2 targets would be healthy, and staging would send to the others as well" in one_error(
        done
    )
    assert changes(cloud) == []


def test_the_only_one_of_its_zone_stays_where_zones_serve_for_themselves(
    cloud: World, gocd_tasks: CommandLine, pair: Pair
) -> None:
    cloud.target_group(
        "web",
        kind="network",
        instances=list(pair),
        zones=[each.zone for each in pair],
        cross_zone=False,
        deregistration_delay=1,
    )
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "web")

    assert done.returncode == 2
    assert "eu-west-1a alone: 1 healthy of 1" in one_error(done)
    assert changes(cloud) == []
