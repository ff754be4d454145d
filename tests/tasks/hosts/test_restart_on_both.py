"""Restarts, on both kinds of host."""

import pytest

from tests.tasks.hosts.story import Story
from tests.tasks.hosts.twins import on_both


@on_both
@pytest.mark.exhaustive
def test_a_restart_that_fails_goes_back_to_the_release_before(story: Story) -> None:
    story.install("1.0")
    done = story.install("bad", restart="service")

    assert (done.code, done.verdict) == (1, "bad did not start; 1.0 is running again")
    assert (done.stands.current, done.stands.started) == ("1.0", ("bad", "1.0"))
    assert story.go_back().verdict == "there is no earlier release than 1.0 to go back to; 1.0 stays"


@pytest.mark.exhaustive
@on_both
def test_a_first_release_and_a_host_on_which_nothing_starts_are_said(story: Story) -> None:
    done = story.install("1.0", restart="nothing starts", mark="<7> ")
    assert done.code == 1
    assert done.verdict == "<7> 1.0 did not start; <7> there is no earlier release to go back to"
    done = story.install("1.1", restart="nothing starts")
    assert (done.code, done.verdict) == (1, "1.1 did not start; 1.0 did not start again either")
    assert (done.stands.current, done.stands.started) == ("1.0", ("tried",) * 3)


@pytest.mark.exhaustive
@on_both
def test_an_earlier_release_that_does_not_start_is_said(story: Story) -> None:
    story.install("bad")
    story.install("1.1")
    done = story.go_back(restart="service")

    assert (done.code, done.verdict) == (1, "bad did not start; it is current all the same")
    assert done.stands.current == "bad"
    again = story.go_back()
    assert (again.code, again.verdict) == (0, "running bad from /srv/app/releases/bad")


@pytest.mark.exhaustive
@on_both
def test_releases_that_nothing_goes_back_to_go_before_those_that_were_current(story: Story) -> None:
    story.install("1.0")
    story.install("1.1")
    assert story.install("bad", keep=3, restart="service").stands.names == ["1.0", "1.1", "bad"]

    assert story.install("1.2", keep=3).stands.names == ["1.0", "1.1", "1.2"]


@pytest.mark.exhaustive
@on_both
def test_a_restart_that_does_not_end_is_ended_and_told_as_such(story: Story) -> None:
    story.install("1.0")
    done = story.install("bad", restart="hangs", restart_within="10")

    why = "(the restart had not ended after 10 s, and was ended)"
    assert (done.code, done.verdict) == (1, f"bad did not start {why}; 1.0 is running again")
    assert done.stands.current == "1.0"


@on_both
def test_every_part_of_a_verdict_stands_behind_the_mark(story: Story) -> None:
    assert story.install("1.0", mark="<7> ").verdict == "<7> running 1.0 <7> from /srv/app/releases/1.0"
    story.host.release("2.0")
    done = story.install("2.0", mark="<7> ", sha256="0" * 64)
    assert done.verdict == (
        "<7> the release arrived with another SHA-256 than it was sent with; <7> nothing was changed"
    )
