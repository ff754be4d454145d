"""The recipe's sentences, one after the other, on servers in memory."""

from collections.abc import Sequence

import pytest

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, State, Threshold
from tasks.balancing.floor import FloorBroken
from tasks.balancing.share import Share
from tasks.rollout.turn import Halted, Settle
from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tests.fakes import instance
from tests.tasks.balancing.test_drain import BUSY, NO_EVIDENCE, FakeHosts
from tests.tasks.rollout.fakes import Rollout

FOUR = [instance(number, "eu-west-1a" if number % 2 else "eu-west-1b") for number in range(1, 5)]
ONE, TWO, THREE, FOURTH = FOUR
BY_TWO = Share(2, percent=False)


@pytest.fixture
def rollout() -> Rollout:
    return Rollout(FOUR)


def test_every_server_gets_the_release_one_after_the_other(rollout: Rollout) -> None:
    rollout.run()

    assert set(rollout.hosts.versions.values()) == {"2.0"}
    assert rollout.batches == ["Staging-1", "Staging-2", "Staging-3", "Staging-4"]
    assert all(member.state is State.SERVING for member in rollout.stage.balancer.members.values())
    assert rollout.stage.lines[-1].startswith("2.0 is on 4 servers, 4 of them deployed to now; ")


def test_the_three_phases_are_said_as_they_start(rollout: Rollout) -> None:
    rollout.run()
    phases = [line for line in rollout.stage.lines if line.startswith("Phase")]

    assert phases == [
        "Phase 1 of 3, gather: the servers behind staging (target group, port 8080)",
        "Phase 2 of 3, deploy: 2.0 to 4 servers, 1 at a time",
        "Phase 3 of 3, prove: version and deployed time of 4 servers",
    ]


def test_a_batch_takes_from_both_zones(rollout: Rollout) -> None:
    rollout.run(BY_TWO)

    assert rollout.batches == ["Staging-1, Staging-2", "Staging-3, Staging-4"]


def test_a_batch_leaves_and_joins_in_one_order_each(rollout: Rollout) -> None:
    rollout.run(BY_TWO)
    looks_by_two = len(rollout.stage.balancer.looks)
    alone = Rollout(FOUR)
    alone.run()

    assert looks_by_two < len(alone.stage.balancer.looks)


def test_unhealthy_servers_go_first(rollout: Rollout) -> None:
    rollout.stage.balancer.serve(THREE, state=State.UNHEALTHY, reason="Target.Timeout")
    rollout.run()

    assert rollout.batches[0] == "Staging-3"


def test_no_server_is_refused() -> None:
    empty = Rollout([])
    with pytest.raises(Refused, match="no active server behind staging"):
        empty.run()


def test_a_batch_too_large_for_the_floor_is_refused_with_the_largest_that_fits(rollout: Rollout) -> None:
    with pytest.raises(Refused, match="--batch 3 is too large") as refusal:
        rollout.run(Share(3, percent=False), minimum=2)

    assert refusal.value.advice == "The largest that fits: --batch 2"
    assert rollout.stage.balancer.orders == []


def test_a_fleet_that_can_spare_nobody_is_refused(rollout: Rollout) -> None:
    with pytest.raises(Refused, match="not even one server can be spared"):
        rollout.run(minimum=4)


def test_a_fleet_whose_drain_is_shorter_than_required_is_refused_before_anything_starts(
    rollout: Rollout,
) -> None:
    drain = rollout.stage.balancer.drain
    assert len(rollout.plan(require_drain=drain).servers) == 4

    rollout.stage.balancer.drain = 59
    with pytest.raises(Refused, match="and --require-drain is 60"):
        rollout.plan(require_drain=60)


def test_a_batch_is_refused_by_zone_where_zones_serve_alone(rollout: Rollout) -> None:
    rollout.stage.balancer.zonal = True
    with pytest.raises(Refused, match="eu-west-1a alone: 2 healthy of 2"):
        rollout.run(Share(3, percent=False))


def test_a_server_that_does_not_answer_before_is_skipped_and_left_as_it_is(rollout: Rollout) -> None:
    rollout.hosts.silent.add(TWO.id)
    with pytest.raises(TaskError, match=r"Staging-2 does not have 2\.0 and was left as it is") as failed:
        rollout.run()

    assert failed.value.exit_code == 1
    assert rollout.says("bad already: Staging-2: answers 503, not 200")
    assert rollout.says("Staging-2: skipped, its status call answers 503, not 200")
    assert "Staging-2" not in rollout.hosts.installed
    assert rollout.hosts.stopped_ones == []
    assert rollout.stage.balancer.members[TWO.id].state is State.SERVING
    assert rollout.stage.lines[-1].startswith("2.0 is on 3 servers, 3 of them deployed to now; ")


def lose_it_again(rollout: Rollout, *losing: Instance) -> None:
    """Have these answer with another version when all have been deployed to."""

    def back_to_the_old_one(_: object) -> bool:
        if len(rollout.hosts.installed) == 4:
            rollout.hosts.versions |= dict.fromkeys((each.id for each in losing), "1.0")
        return False

    rollout.lock = back_to_the_old_one


def test_one_that_lost_the_release_again_is_stopped(rollout: Rollout) -> None:
    lose_it_again(rollout, TWO)
    rollout.run()

    assert rollout.hosts.stopped_ones == ["Staging-2"]
    assert TWO.id not in rollout.stage.balancer.members
    assert "2.0 is on 3 servers, 3 of them deployed to now, Staging-2 is stopped" in rollout.stage.lines[-1]


def test_one_that_says_nothing_at_the_end_is_not_stopped_for_that(rollout: Rollout) -> None:
    def go_silent(_: object) -> bool:
        if len(rollout.hosts.installed) == 4:
            rollout.hosts.out_of_reach.add(TWO.id)
        return False

    rollout.lock = go_silent
    with pytest.raises(TaskError, match=r"that Staging-2 has 2\.0 is not proved \(Staging-2: cannot be"):
        rollout.run()

    assert rollout.hosts.stopped_ones == []
    assert rollout.stage.balancer.members[TWO.id].state is State.SERVING


def test_a_load_balancer_that_somebody_empties_meanwhile_ends_it_in_failure(rollout: Rollout) -> None:
    def emptied(_: object) -> bool:
        members = rollout.stage.balancer.members
        if not (rollout.hosts.installed and members):
            return False
        members.clear()
        return True

    rollout.lock = emptied
    with pytest.raises(TaskError, match="nobody is behind staging any more"):
        rollout.run()

    assert rollout.says("2.0 is on 0 servers")


def test_a_skipped_server_that_is_well_at_the_end_gets_its_turn(rollout: Rollout) -> None:
    rollout.hosts.silent.add(TWO.id)
    rollout.stage.clock.at(60, lambda: rollout.hosts.silent.discard(TWO.id))
    rollout.run()

    assert rollout.batches[-1] == "Staging-2"
    assert rollout.hosts.stopped_ones == []


def test_one_that_keeps_flapping_gets_one_more_turn_only(rollout: Rollout) -> None:
    class Flapping(set[str]):
        looks = 0

        def __contains__(self, key: object) -> bool:
            self.looks += key == TWO.id
            return key == TWO.id and self.looks % 2 == 1

    rollout.hosts.silent = Flapping()
    rollout.run(max_stopped=4)

    assert sum("Staging-2: skipped" in line for line in rollout.stage.lines) <= 2


def test_a_release_that_is_not_well_halts_everything_and_leaves_its_batch_out(rollout: Rollout) -> None:
    rollout.hosts.broken.add("2.0")
    with pytest.raises(Halted, match=r"2\.0 is installed but Staging-1 answers 503"):
        rollout.run(BY_TWO)

    assert rollout.hosts.installed == ["Staging-1", "Staging-2"]
    assert rollout.stage.balancer.members.keys() == {THREE.id, FOURTH.id}
    assert rollout.stage.log.standing.state == "Staging-1, Staging-2 stay out of staging"
    assert rollout.stage.log.standing.changed


def test_a_release_that_cannot_be_installed_halts_everything(rollout: Rollout) -> None:
    rollout.hosts.cannot_install.add(TWO.id)
    with pytest.raises(Halted, match="on Staging-2 failed: disk full"):
        rollout.run()

    assert rollout.hosts.installed == ["Staging-1"]
    assert TWO.id not in rollout.stage.balancer.members
    state = rollout.stage.log.standing.state
    assert state.endswith(
        "stays out of staging; 1 of 3 other servers have 2.0, the others what they had before"
    )


def test_a_deployer_that_breaks_leaves_word_of_its_batch_and_of_the_others(rollout: Rollout) -> None:
    def break_(instance: Instance) -> None:
        if instance == TWO:
            raise ZeroDivisionError

    rollout.hosts.on_install = break_
    with pytest.raises(ZeroDivisionError):
        rollout.run()

    assert rollout.stage.log.standing.state == (
        "Staging-2 may have either version, and Staging-2 stays out of staging; "
        "1 of 3 other servers have 2.0, the others what they had before"
    )


def test_a_batch_that_is_put_back_leaves_word_of_all(rollout: Rollout) -> None:
    def others_fail() -> None:
        rollout.stage.balancer.serve(THREE, FOURTH, state=State.UNHEALTHY, reason="Target.Timeout")
        rollout.stage.balancer.serve(ONE, state=State.UNHEALTHY, reason="Target.Timeout")

    rollout.stage.clock.at(70, others_fail)
    with pytest.raises(FloorBroken):
        rollout.run()

    standing = rollout.stage.log.standing
    assert rollout.hosts.installed == ["Staging-1"]
    assert standing.changed
    assert standing.state == (
        "Staging-2 was put back and serves as before; "
        "1 of 4 servers have 2.0, the others what they had before"
    )


def test_a_server_that_never_gets_healthy_halts_everything(rollout: Rollout) -> None:
    rollout.stage.balancer.never_healthy = True
    with pytest.raises(TimedOut, match="halted: Staging-1 did not become healthy"):
        rollout.run()

    assert rollout.hosts.installed == ["Staging-1"]


def test_a_health_check_that_calls_everybody_unhealthy_halts_after_one_batch_which_gets_requests_again(
    rollout: Rollout,
) -> None:
    balancer = rollout.stage.balancer
    balancer.opens_below, balancer.never_healthy = Threshold(1), True
    balancer.members = {key: each.wholly(State.UNHEALTHY) for key, each in balancer.members.items()}

    def fails_its_first_check() -> None:
        joining = [each for each in balancer.members.values() if each.state is State.JOINING]
        balancer.members |= {each.key: each.wholly(State.UNHEALTHY) for each in joining}

    balancer.before_look = fails_its_first_check
    with pytest.raises(TimedOut, match="no target is healthy, so it gets requests all the same"):
        rollout.run()

    assert rollout.says("no target is healthy, so staging sends to all 4; without Staging-1: 3, floor 1")
    assert rollout.says("staging: no target is healthy; it sends to Staging-1 at once, healthy or not")
    assert rollout.hosts.installed == ["Staging-1"]
    assert len(balancer.members) == 4


def test_the_floor_holds_for_what_happens_meanwhile(rollout: Rollout) -> None:
    def others_fail() -> None:
        rollout.stage.balancer.serve(TWO, THREE, FOURTH, state=State.UNHEALTHY, reason="Target.Timeout")

    rollout.stage.clock.at(10, others_fail)
    with pytest.raises(FloorBroken):
        rollout.run()

    assert rollout.stage.balancer.members[ONE.id].state is State.SERVING
    assert rollout.hosts.installed == []


def test_a_plain_re_run_skips_who_has_it_and_again_does_not(rollout: Rollout) -> None:
    rollout.run()
    rollout.hosts.installed.clear()
    rollout.run()
    assert rollout.hosts.installed == []
    assert rollout.says("Staging-1: has 2.0 already; nothing to do")

    rollout.run(again=True)
    assert len(rollout.hosts.installed) == 4


def test_whoever_an_earlier_run_left_outside_goes_first_and_comes_back(rollout: Rollout) -> None:
    rollout.leave_outside(THREE)
    rollout.hosts.silent.add(THREE.id)
    rollout.run()

    assert rollout.batches[0] == "Staging-3"
    assert rollout.stage.balancer.members[THREE.id].state is State.SERVING
    assert rollout.hosts.stopped_ones == []


def test_one_left_outside_that_has_the_release_is_only_put_back(rollout: Rollout) -> None:
    rollout.leave_outside(THREE)
    rollout.hosts.versions[THREE.id] = "2.0"
    rollout.run()

    assert "Staging-3" not in rollout.hosts.installed
    assert rollout.stage.balancer.members[THREE.id].state is State.SERVING


def test_whoever_a_person_took_out_is_left_alone(rollout: Rollout) -> None:
    rollout.leave_outside(THREE, by="")
    rollout.run()

    assert rollout.says("Staging-3: taken out of staging by another command; it is left alone")
    assert THREE.id not in rollout.stage.balancer.members


def test_a_server_that_joins_meanwhile_is_deployed_too(rollout: Rollout) -> None:
    five = instance(5)

    def join() -> None:
        rollout.directory.instances.append(five)
        rollout.stage.balancer.serve(five)

    rollout.stage.clock.at(20, join)
    rollout.run()

    assert rollout.says("Staging-5: joined meanwhile")
    assert rollout.hosts.versions[five.id] == "2.0"


def test_a_server_that_leaves_meanwhile_is_not_waited_for(rollout: Rollout) -> None:
    def leave() -> None:
        del rollout.stage.balancer.members[FOURTH.id]

    rollout.stage.clock.at(20, leave)
    rollout.run()

    assert rollout.says("Staging-4: left the load balancer meanwhile")
    assert "Staging-4" not in rollout.hosts.installed


def test_more_servers_without_the_release_than_may_be_stopped_fail_the_run(rollout: Rollout) -> None:
    lose_it_again(rollout, ONE, TWO)
    with pytest.raises(
        TaskError, match=r"FAILED: 2 servers were deployed to and do not have 2\.0 \(Staging-1, Staging-2\)"
    ) as failed:
        rollout.run(max_stopped=1)

    assert failed.value.exit_code == 1
    assert rollout.hosts.stopped_ones == []


def test_one_that_cannot_be_spared_is_not_stopped(rollout: Rollout) -> None:
    def back_to_the_old_one(_: object) -> bool:
        if len(rollout.hosts.installed) == 4:
            rollout.stage.balancer.serve(ONE, TWO, THREE, state=State.UNHEALTHY)
            rollout.hosts.versions[FOURTH.id] = "1.0"
        return False

    rollout.lock = back_to_the_old_one
    with pytest.raises(FloorBroken, match="Staging-4 is the last healthy instance"):
        rollout.run()

    assert rollout.hosts.stopped_ones == []


def test_a_cancel_during_the_drain_puts_the_batch_back(rollout: Rollout) -> None:
    def cancel() -> None:
        raise Cancelled(15)

    rollout.stage.clock.at(12, cancel)
    with pytest.raises(Cancelled):
        rollout.run(BY_TWO)

    assert len(rollout.stage.balancer.members) == 4
    assert rollout.stage.log.standing.state == "Staging-1, Staging-2 were put back and serve as before"


def test_a_cancel_while_deploying_leaves_the_batch_out_and_says_so(rollout: Rollout) -> None:
    def cancel(_: object) -> None:
        raise Cancelled(15)

    rollout.hosts.on_install = cancel
    with pytest.raises(Cancelled):
        rollout.run(BY_TWO)

    assert len(rollout.stage.balancer.members) == 2
    assert "may have either version" in rollout.stage.log.standing.state


def test_a_lost_lock_stops_it_before_the_next_batch(rollout: Rollout) -> None:
    def lost(_: object) -> bool:
        if rollout.hosts.installed:
            raise TaskError("the lock was lost")
        return False

    rollout.lock = lost
    with pytest.raises(TaskError, match="the lock was lost"):
        rollout.run()

    assert rollout.hosts.installed == ["Staging-1"]


def test_what_was_seen_before_a_lock_was_taken_is_looked_at_again(rollout: Rollout) -> None:
    taken: list[str] = []

    def take(balancers: Sequence[LoadBalancer]) -> bool:
        new = [each.address for each in balancers if each.address not in taken]
        if new:
            # Whoever held it until now had taken this one away.
            rollout.stage.balancer.members.pop(FOURTH.id)
        taken.extend(new)
        return bool(new)

    rollout.lock = take
    rollout.run()

    assert taken == [rollout.stage.balancer.address]
    assert rollout.hosts.installed == ["Staging-1", "Staging-2", "Staging-3"]


def test_a_batch_whose_drain_ends_early_is_deployed_to_and_back_long_before_its_delay(
    rollout: Rollout,
) -> None:
    rollout.stage.balancer.drain = 300
    hosts = FakeHosts({ONE.id: [BUSY]})
    rollout.run(BY_TWO, hosts=hosts)

    # The second batch proves itself anew.
    assert [set(ports) for ports in hosts.ports] == [{ONE.id, TWO.id}] * 2 + [{THREE.id, FOURTH.id}]
    assert rollout.stage.clock.now() < 150
    assert set(rollout.hosts.versions.values()) == {"2.0"}
    assert all(member.state is State.SERVING for member in rollout.stage.balancer.members.values())


def test_a_batch_without_evidence_drains_for_the_whole_delay_and_the_next_is_asked_anew(
    rollout: Rollout,
) -> None:
    rollout.stage.balancer.drain = 300
    hosts = FakeHosts({TWO.id: [NO_EVIDENCE]})
    rollout.run(BY_TWO, hosts=hosts)

    assert [set(ports) for ports in hosts.ports] == [{ONE.id, TWO.id}, {THREE.id, FOURTH.id}]
    assert 300 <= rollout.stage.clock.now() < 450


def test_it_settles_for_its_time_or_on_evidence(rollout: Rollout) -> None:
    rollout.run(BY_TWO, settle=Settle(60))
    slow = rollout.stage.clock.now()
    quick = Rollout(FOUR)
    quick.run(BY_TWO, settle=Settle(60, consecutive=3))

    assert slow - quick.stage.clock.now() >= 2 * 50
    assert quick.says("Staging-1, Staging-2: settled, 3 good answers in a row")


def test_a_plan_has_the_servers_in_their_order_and_changes_nothing(rollout: Rollout) -> None:
    plan = rollout.plan(BY_TWO)

    assert [each.instance.name for each in plan.servers] == [f"Staging-{n}" for n in (1, 2, 3, 4)]
    assert rollout.stage.balancer.orders == []
    assert rollout.hosts.installed == []
