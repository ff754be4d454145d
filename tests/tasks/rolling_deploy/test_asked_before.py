"""Every server is asked before the first is taken out: where the request is at fault, nothing is changed."""

import pytest

from tests.tasks.rolling_deploy.conftest import MakeFleet
from tests.tasks.rolling_deploy.test_refusals import refused

pytestmark = pytest.mark.end_to_end

STATUS = ("--status-url", "http://{private_ip}:8080/_status")
# What the load balancer's own check does not see.
USERS = ("--status-url", "http://{private_ip}:8080/", "--expect-json", "version={version}")


def test_a_question_that_no_server_answers_is_refused_with_the_answers(fleet: MakeFleet) -> None:
    two = fleet(2)
    everywhere = (*STATUS, "--expect-json", "version={version}")

    port = refused(two, "--status-url", "http://{private_ip}:9999/_status", status=False)
    assert "no server answers 200: Fleet-1, Fleet-2: cannot be reached (connection refused)" in port
    assert f"http://{two.servers[0].private_ip}:9999/_status" in port
    assert "nothing was changed. See that --status-url" in port

    path = refused(two, "--status-url", "http://{private_ip}:8080/nowhere", status=False)
    assert "no server answers 200: Fleet-1, Fleet-2: answers 404, not 200" in path

    key = refused(two, *STATUS, "--expect-json", "verison={version}", status=False)
    assert "no server answers as --expect-json asks: Fleet-1, Fleet-2: answers without a field verison" in key
    second = refused(two, *everywhere, "--expect-json", "staus=ok", status=False)
    assert "answers without a field staus" in second

    one_for_all = f"http://{two.servers[0].private_ip}:8080/_status"
    shared = refused(two, "--status-url", one_for_all, "--expect-json", "version={version}", status=False)
    assert f"--status-url asks every server at one address, {one_for_all}" in shared


def test_more_bad_servers_than_the_floor_allows_are_refused_by_name(fleet: MakeFleet) -> None:
    three = fleet(3)
    three.have_users_get_500(*three.servers[1:])

    said = refused(three, *USERS, "--min-healthy", "2", status=False)
    assert "2 of 3 servers in fleet are bad already (Fleet-2, Fleet-3: answers 500, not 200)" in said
    assert ", which leaves 1, and the floor is 2; nothing was changed. Heal those first" in said
    # The load balancer calls them healthy, so its own word would let the last good one go.
    assert "; without Fleet-1 0 would be left, and the floor is 1" in refused(three, *USERS, status=False)


@pytest.mark.exhaustive
def test_who_was_not_deployed_to_is_named_and_goes_on_as_it_is(fleet: MakeFleet) -> None:
    three = fleet(3)
    one, two, third = three.servers
    three.have_users_get_500(two, third)
    ran = three.roll(*USERS, "--min-healthy", "0", status=False)

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "Fleet-2: skipped, its status call answers 500, not 200" in ran.stdout
    assert "Fleet-2, Fleet-3 do not have 2.0 and were left as they are" in ran.stderr
    assert {three.power(each) for each in three.servers} == {"running"}
    assert set(three.health().values()) == {"healthy"}
    assert (three.installs(one), three.installs(two), three.installs(third)) == (1, 0, 0)
    assert three.changes().count("DeregisterTargets") == 1
