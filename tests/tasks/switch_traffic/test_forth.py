"""Users led to green, and back again."""

from gocd.rehearsal.standin_aws.services.elb.target_groups import NOT_IN_USE
from tests.gocd.rehearsal.standin_aws.conftest import get
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site
from tests.tasks.switch_traffic.conftest import Switch, standing, written


def test_users_are_led_in_steps_and_back_by_anybody(site: Site, switch: Switch) -> None:
    there = switch("green")

    assert there.returncode == 0, there.stderr
    assert written(site.cloud.journal.calls) == [
        {"blue": 100, "green": 0},
        {"blue": 50, "green": 50},
        {"blue": 0, "green": 100},
    ]
    assert "blue: no request since" in there.stdout
    again = switch("green")
    assert again.returncode == 0
    assert "green: all users, and nothing to do" in again.stdout
    back = switch("--back", HOME="/", USER="another")
    assert back.returncode == 0, back.stderr
    assert standing(site) == [{"blue": 1}]
    assert "nothing to do: users are there already" in switch("--back").stdout


def test_a_dry_run_tells_every_step_and_changes_nothing(site: Site, switch: Switch) -> None:
    done = switch("green", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert (
        "HTTP:80 of blue-lb: blue alone -> blue 100, green 0 -> blue 50, green 50 -> blue 0, green 100"
        in (done.stdout)
    )
    looks = ("Describe", "Get", "List")
    assert [call.operation for call in site.cloud.journal.calls if not call.operation.startswith(looks)] == []
    assert site.green_state() == NOT_IN_USE[0]
    assert get(site.blue.url)
