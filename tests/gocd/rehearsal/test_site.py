"""A pipeline that names no instance is rehearsed on a fleet: some by hand, some in an Auto Scaling group."""

from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.reading.pipelines import read_pipelines
from gocd.rehearsal.built_site import BuiltSite, build_site
from gocd.rehearsal.capacity import CapacityWatch
from gocd.rehearsal.injected_faults import inject
from gocd.rehearsal.plan import Kind
from gocd.rehearsal.site import DeploymentGroup, Fleet, Site, read_site
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.gocd.rehearsal.standin_aws.control.test_faults import client
from tests.gocd.rehearsal.standin_aws.services.auto_scaling.fleet import described, lifecycle, suspend, zones

PIPELINES = Path(__file__).parents[3] / "pipelines"
ROLLING, STAGING = PIPELINES / "rolling.gocd.yaml", PIPELINES / "staging.gocd.yaml"


def site(file: Path = ROLLING, fleet: Fleet | None = None) -> Site:
    pipeline = read_pipelines(file, {})[0]
    return read_site(pipeline, fleet) if fleet else read_site(pipeline)


def build(cloud: World, fleet: Fleet | None = None, kind: Kind = "application") -> BuiltSite:
    return build_site(cloud, site(fleet=fleet), kind, "1.0", speed=100)


def test_the_rolling_pipeline_is_about_a_fleet_behind_its_load_balancer() -> None:
    read = site()

    assert read.fleet == Fleet(by_hand=3, members=3)
    assert (read.instances, read.load_balancers, read.buckets) == ((), ("web",), ("app-releases",))
    assert (read.install_to, read.unit, read.port, read.health_path) == ("/srv/app", "app", 8080, "/_status")


@pytest.mark.parametrize(
    ("restart", "unit"),
    [
        ("systemctl restart web.service", "web"),
        ("systemctl --no-block restart web && sleep 2", "web"),
        ("sudo systemctl daemon-reload; systemctl restart web", "web"),
        ("Restart-Service web", "web"),
        ("Restart-Service -Name web -Force; Start-Sleep 2", "web"),
        ("/srv/web/bin/start web", "web"),
    ],
)
def test_the_unit_is_what_the_restart_restarts(restart: str, unit: str) -> None:
    read = read_site(read_pipelines(STAGING, {"restart": restart})[0])

    assert read.unit == unit


def test_a_pipeline_that_names_its_instances_has_no_other_ones() -> None:
    read = site(STAGING, Fleet(by_hand=9, members=9))

    assert read.instances == ("Staging-1", "Staging-2")
    assert read.fleet is None


def test_through_codedeploy_each_one_launched_by_hand_has_its_deployment_group(tmp_path: Path) -> None:
    variables = (
        "    environment_variables:\n"
        "      GOCD_TASKS_VIA: codedeploy\n"
        '      GOCD_TASKS_DEPLOYMENT_GROUP: "app-{name}"\n'
    )
    file = tmp_path / "rolling.gocd.yaml"
    file.write_text(ROLLING.read_text().replace("    environment_variables:\n", variables, 1))

    assert site(file, Fleet(by_hand=2, members=0)).deployment_groups == (
        DeploymentGroup("app", "app-Fleet-1", ("Fleet-1",)),
        DeploymentGroup("app", "app-Fleet-2", ("Fleet-2",)),
    )


def test_a_fleet_of_nobody_is_refused() -> None:
    with pytest.raises(GoCDError, match="there is nobody in it"):
        site(fleet=Fleet(by_hand=0, members=0))


@pytest.mark.parametrize("kind", ["application", "classic"])
def test_six_instances_in_two_zones_serve_through_one_load_balancer(cloud: World, kind: Kind) -> None:
    built = build(cloud, kind=kind)

    assert [each.name for each in built.instances] == [*("Fleet-1", "Fleet-2", "Fleet-3"), *["fleet"] * 3]
    assert len({each.id for each in built.instances}) == 6
    assert {each.zone[-1] for each in built.instances} == {"a", "b"}
    assert zones(cloud) in (["a", "a", "b"], ["a", "b", "b"])
    assert cloud.serving(built.front) == {each.id for each in built.instances}


def test_the_group_is_attached_and_as_small_as_it_may_be(cloud: World) -> None:
    built = build(cloud)
    group = described(cloud)

    assert group["TargetGroupARNs"] == [built.front.arn]
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (3, 3, 3)
    assert group["HealthCheckType"] == "ELB"


def test_a_fleet_may_be_all_by_hand_or_all_in_the_group(cloud: World) -> None:
    by_hand = build(cloud, Fleet(by_hand=2, members=0))
    assert [each.name for each in by_hand.instances] == ["Fleet-1", "Fleet-2"]
    assert cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []

    cloud.reset()
    grouped = build(cloud, Fleet(by_hand=0, members=2))
    assert [each.name for each in grouped.instances] == ["fleet", "fleet"]


def test_capacity_counts_every_one_of_the_fleet(cloud: World) -> None:
    built = build(cloud, Fleet(by_hand=1, members=2))
    watch = CapacityWatch(cloud, built.front, len(built.instances))
    watch.look()
    assert (watch.seen.lowest, watch.seen.of) == (3, 3)

    one = built.instances[0]
    cloud.client("elbv2").deregister_targets(TargetGroupArn=built.front.arn, Targets=[{"Id": one.id}])
    eventually(lambda: len(cloud.serving(built.front)), 2)
    watch.look()
    assert (watch.seen.lowest, watch.seen.of) == (2, 3)


def test_an_instance_amid_the_fleet_is_never_healthy_once_it_was_put_back(cloud: World) -> None:
    built = build(cloud, Fleet(by_hand=1, members=2))
    inject("never-healthy", cloud, built)
    faulty = built.faulty
    assert faulty is built.instances[1]
    suspend(cloud, "AZRebalance")
    scaling = client(cloud, "autoscaling")
    scaling.update_auto_scaling_group(AutoScalingGroupName="fleet", MinSize=1)
    scaling.enter_standby(
        AutoScalingGroupName="fleet", InstanceIds=[faulty.id], ShouldDecrementDesiredCapacity=True
    )
    eventually(lambda: lifecycle(cloud, faulty.id), "Standby")
    assert cloud.faults.unreachable_instances == set()

    scaling.exit_standby(AutoScalingGroupName="fleet", InstanceIds=[faulty.id])
    assert cloud.faults.unreachable_instances == {faulty.id}
    eventually(lambda: lifecycle(cloud, faulty.id), "InService")
    assert faulty.id not in cloud.serving(built.front)
