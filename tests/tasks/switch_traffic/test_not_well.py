"""Users who are led back."""

import shlex
import signal
import sys

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site
from tests.program import CommandLine
from tests.tasks.switch_traffic.conftest import QUICK, Switch, standing, written

BACK = {"blue": 1}


def test_a_check_that_fails_leads_users_back(site: Site, switch: Switch) -> None:
    code = "import sys; sys.exit(3 if sys.argv[1:] == ['100', 'green', 'blue'] else 0)"
    done = switch(
        "green", "--check", shlex.join([sys.executable, "-c", code, "{share}", "{green}", "{blue}"])
    )

    assert done.returncode == 1
    assert "exited 3; blue has all users again, and green none" in done.stderr
    assert standing(site) == [BACK]
    assert written(site.cloud.journal.calls)[-3:] == [
        {"blue": 0, "green": 100},
        {"blue": 100, "green": 0},
        BACK,
    ]


def test_a_url_that_answers_otherwise_leads_users_back(site: Site, switch: Switch) -> None:
    done = switch("green", "--status-url", "http://127.0.0.1:1/_status")

    assert done.returncode == 1
    assert "http://127.0.0.1:1/_status cannot be reached" in done.stderr
    assert standing(site) == [BACK]


def test_a_cancelled_task_leads_users_back(site: Site, gocd_tasks: CommandLine) -> None:
    running = gocd_tasks.start(
        "switch-traffic", "green", "--load-balancer", "blue-lb", *QUICK, "--settle", "99"
    )
    said = iter(running.stdout.readline, "")
    assert any("50% of users, settling" in line for line in said)
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate()

    assert running.returncode == 143
    assert "blue has all users again, and green none" in errors
    assert standing(site) == [BACK]


def test_someone_elses_change_between_two_steps_stops_it_where_it_is(site: Site, switch: Switch) -> None:
    ours = [{"blue": 100, "green": 0}, {"blue": 90, "green": 10}]

    def change(call: Call) -> None:
        if call.operation == "DescribeTargetHealth" and written(site.cloud.journal.calls) == ours:
            site.listen(site.forward(70, 30))

    site.cloud.faults.before_call = change
    done = switch("green", "--steps", "10,50")
    site.cloud.faults.before_call = None

    assert done.returncode == 1
    assert (
        "HTTP:80 of blue-lb has blue 70, green 30, where it was led to blue 90, green 10: someone else "
        "changes it; nothing was written over that. See who does. This goes on once it has blue 90, "
        "green 10 again"
    ) in done.stderr
    assert written(site.cloud.journal.calls) == ours
    assert standing(site) == [{"blue": 70, "green": 30}]
    site.listen(site.forward(9, 1))
    again = switch("green", "--steps", "10,50")
    assert again.returncode == 0, again.stderr
    assert standing(site) == [{"blue": 50, "green": 50}]


@pytest.mark.exhaustive
def test_a_green_that_does_not_get_healthy_is_taken_out_again(site: Site, switch: Switch) -> None:
    [unwell] = [each for each in site.cloud.parts.instances if each.name == "Green-1"]
    (unwell.root / "unwell").write_text("500")
    done = switch("green")

    assert done.returncode == 2
    assert f"green has 0 healthy ({unwell.id} is unhealthy" in done.stderr
    assert "and 50% of users take 1 (blue has 1)" in done.stderr
    assert "blue has all users, as before. See why its targets are not healthy" in done.stderr
    assert standing(site) == [{"blue": 1}]
    site.listen(site.forward(1, 0))
    refused = switch("green")
    assert refused.returncode == 2
    assert f"green has no healthy target ({unwell.id} is " in refused.stderr
