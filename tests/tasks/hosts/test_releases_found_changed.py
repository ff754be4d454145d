"""What somebody else has done to an install folder, met on both kinds of host."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tasks.hosts.story import Story
from tests.tasks.hosts.twins import Hosts, on_both


def installed(story: Story, *versions: str) -> None:
    for version in versions:
        assert story.install(version).code == 0


def a_folder(link: Path) -> None:
    link.unlink()
    link.mkdir()
    (link / "content").write_text("by hand")


def a_file(link: Path) -> None:
    link.unlink()
    link.write_text("by hand")


@pytest.mark.parametrize("by", [a_folder, a_file])
def test_a_current_that_is_no_link_is_left_alone(hosts: Hosts, by: Callable[[Path], None]) -> None:
    def scenario(story: Story) -> None:
        installed(story, "1.0", "1.1")
        story.changes("current replaced", lambda app: by(app / "current"))
        before = story.accounts[-1].stands
        for done in (story.install("1.2"), story.go_back(), story.go_back("1.0")):
            assert (done.code, done.stands) == (1, before)
            assert done.verdict == "/srv/app/current is not a link; move it away first; nothing was changed"

    hosts.both(scenario)


@on_both
def test_a_current_that_somebody_removed_comes_back_with_the_next_release(story: Story) -> None:
    installed(story, "1.0", "1.1")
    story.changes("current removed", lambda app: (app / "current").unlink())

    assert story.go_back().verdict == "/srv/app/current leads to no release; nothing was changed"
    assert story.install("1.2").stands.current == "1.2"
    assert story.go_back().code == 0


@on_both
def test_a_current_whose_release_somebody_removed_is_replaced_by_the_next_one(story: Story) -> None:
    installed(story, "1.0", "1.1")
    story.changes("the current release removed", lambda app: shutil.rmtree(app / "releases/1.1"))

    assert story.record().verdict == "nothing no release is current in /srv/app"
    assert story.go_back().verdict == "/srv/app/current leads to no release; nothing was changed"
    done = story.install("1.2")
    assert (done.code, done.stands.current, done.stands.history) == (0, "1.2", ("1.0", "1.2"))
    assert story.go_back().stands.current == "1.0"
    story.changes("the current release removed", lambda app: shutil.rmtree(app / "releases/1.0"))
    assert story.install("1.0", "other").stands.current == "1.0"


@on_both
def test_a_release_that_was_current_elsewhere_is_gone_back_to(story: Story) -> None:
    """A host that was deployed to by other means, whose releases were in another folder."""

    def laid_out(app: Path) -> None:
        (app / "elsewhere/0.9").mkdir(parents=True)
        (app / "elsewhere/0.9/content").write_text("0.9")
        (app / "current").symlink_to(app / "elsewhere/0.9")

    story.changes("laid out elsewhere", laid_out)
    installed(story, "1.0")
    done = story.go_back()
    assert (done.code, done.stands.current) == (0, "0.9")
    assert done.verdict == "running 0.9 from /srv/app/elsewhere/0.9"
    assert story.go_back("1.0").stands.current == "1.0"


@pytest.mark.parametrize("end", ["", "/"], ids=["plain", "slash"])
def test_a_current_that_somebody_led_back_by_hand_is_known_for_what_it_is(hosts: Hosts, end: str) -> None:
    def by_hand(app: Path) -> None:
        (app / "current").unlink()
        (app / "current").symlink_to(f"{app}/releases/1.1{end}")

    def scenario(story: Story) -> None:
        installed(story, "1.0", "1.1", "1.2")
        story.changes("led back to 1.1", by_hand)
        assert story.go_back(leaving="1.1").stands.current == "1.0"
        story.changes("led back to 1.1", by_hand)
        assert story.install("1.3").stands.history == ("1.0", "1.1", "1.3")

    hosts.both(scenario)


@on_both
def test_all_releases_removed_is_a_beginning_anew(story: Story) -> None:
    installed(story, "1.0", "1.1")
    story.changes("releases removed", lambda app: shutil.rmtree(app / "releases"))

    assert story.go_back("1.0").code == 1
    done = story.install("1.0")
    assert (done.code, done.stands.names, done.stands.current) == (0, ["1.0"], "1.0")


@on_both
def test_a_history_that_somebody_removed_is_begun_anew(story: Story) -> None:
    installed(story, "1.0", "1.1")
    story.changes("history removed", lambda app: (app / ".history").unlink())

    assert story.go_back().verdict == "there is no earlier release than 1.1 to go back to; 1.1 stays"
    assert story.install("1.2").stands.history == ("1.1", "1.2")
    assert story.go_back().stands.current == "1.1"


@on_both
def test_an_install_folder_that_is_a_file_is_said(story: Story) -> None:
    def laid_out(app: Path) -> None:
        app.parent.mkdir(parents=True, exist_ok=True)
        app.write_text("a file")

    story.changes("a file in its place", laid_out)
    for done in (story.install("1.0"), story.go_back()):
        assert (done.code, done.verdict) == (
            1,
            "/srv/app cannot be made on this instance; nothing was changed",
        )
