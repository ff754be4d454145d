"""Going back to an earlier release, on both kinds of host."""

import shutil
from pathlib import Path

import pytest

from tests.tasks.hosts.story import Story
from tests.tasks.hosts.twins import on_both


def installed(story: Story, *versions: str) -> None:
    for version in versions:
        assert story.install(version).code == 0


@pytest.mark.exhaustive
@on_both
def test_it_goes_back_one_release_each_time_and_stops_at_the_first(story: Story) -> None:
    installed(story, "1.0", "1.1", "1.2")
    said = [story.go_back() for _ in range(3)]

    assert [(each.code, each.verdict) for each in said] == [
        (0, "running 1.1 from /srv/app/releases/1.1"),
        (0, "running 1.0 from /srv/app/releases/1.0"),
        (1, "there is no earlier release than 1.0 to go back to; 1.0 stays"),
    ]
    assert story.record().verdict == 'record {"version": "1.0"} '
    assert said[-1].stands.current == "1.0"


def asked(story: Story, *versions: str, keep: int = 5) -> None:
    for version in versions:
        assert story.install(version, keep=keep, asked="yes").code == 0


@on_both
def test_a_release_that_never_answered_is_passed_over_for_one_that_did_which_is_kept(story: Story) -> None:
    asked(story, "1.0")
    assert story.answered("1.0").verdict == "noted"
    asked(story, "2.0", "3.0", keep=2)

    assert story.accounts[-1].stands.names == ["1.0", "2.0", "3.0"]
    assert story.go_back().verdict == "running 1.0 from /srv/app/releases/1.0"


@pytest.mark.exhaustive
@on_both
def test_a_release_that_does_not_start_goes_for_one_that_answered_and_that_is_said(story: Story) -> None:
    asked(story, "1.0")
    story.answered("1.0")
    asked(story, "2.0")
    other = story.answered("1.0")
    failed = story.install("3.0", "bad", "service", asked="yes")

    assert (other.code, other.verdict) == (1, "1.0 is not current in /srv/app")
    assert failed.verdict.endswith("; 1.0 is running again, as 2.0 never answered its status check")
    assert story.go_back("2.0").verdict == "running 2.0 from /srv/app/releases/2.0"


@pytest.mark.exhaustive
@on_both
def test_where_none_has_answered_by_hand_it_is_asked_for_by_name(story: Story) -> None:
    asked(story, "1.0", "2.0")
    back = story.go_back()
    assert (back.code, back.verdict) == (
        1,
        "no earlier release than 2.0 has answered its status check; 1.0, which never did, can be named; "
        "2.0 stays",
    )
    assert story.go_back(leaving="2.0").verdict == "running 1.0 from /srv/app/releases/1.0"
    # Deployed again with nothing to ask, it is as well as anybody knows.
    assert story.install("1.0").code == story.install("3.0").code == 0
    assert story.go_back().verdict == "running 1.0 from /srv/app/releases/1.0"


@on_both
def test_what_was_gone_back_from_is_never_gone_back_to(story: Story) -> None:
    installed(story, "1.0", "1.1", "1.2")
    story.go_back()
    installed(story, "1.3")

    assert story.accounts[-1].stands.history == ("1.0", "1.1", "1.3")
    assert [story.go_back().stands.current for _ in range(2)] == ["1.1", "1.0"]


@pytest.mark.exhaustive
@on_both
def test_a_version_deployed_again_counts_from_then(story: Story) -> None:
    installed(story, "1.0", "1.1", "1.2", "1.0")

    assert story.accounts[-1].stands.history == ("1.1", "1.2", "1.0")
    assert [story.go_back().stands.current for _ in range(2)] == ["1.2", "1.1"]


@on_both
def test_a_named_version_is_safe_to_repeat_and_one_can_go_forward_by_name(story: Story) -> None:
    installed(story, "1.0", "1.1", "1.2")

    assert [story.go_back("1.0").stands.current for _ in range(3)] == ["1.0", "1.0", "1.0"]
    assert story.go_back("1.2").stands.current == "1.2"
    assert story.go_back().stands.current == "1.1"


@on_both
def test_the_only_release_there_is_may_be_named(story: Story) -> None:
    installed(story, "1.0")

    assert story.go_back("1.0").verdict == "running 1.0 from /srv/app/releases/1.0"


@pytest.mark.exhaustive
@on_both
def test_of_two_builds_of_a_version_the_one_that_ran_last_is_meant(story: Story) -> None:
    installed(story, "1.0")
    story.install("1.0", "other build")
    installed(story, "1.1")

    assert story.go_back("1.0").verdict.startswith("running 1.0 from /srv/app/releases/1.0+")
    story.install("1.0")
    installed(story, "1.2")
    assert story.go_back("1.0").verdict == "running 1.0 from /srv/app/releases/1.0"


@pytest.mark.exhaustive
@on_both
def test_what_is_not_there_changes_nothing(story: Story) -> None:
    installed(story, "1.0", "1.1")
    before = story.accounts[-1].stands
    for name in ("9.9", "*", "..", "../..", "$(touch HACKED)", "a b", "-rf", "[0-9]*", ".*", "1.?"):
        done = story.go_back(name)
        assert (done.code, done.verdict) == (
            1,
            f"there is no release {name} in /srv/app; nothing was changed",
        )
        assert done.stands == before
    assert not list(story.host.root.rglob("HACKED"))


@pytest.mark.exhaustive
@on_both
def test_nothing_is_touched_if_somebody_else_deployed_meanwhile(story: Story) -> None:
    installed(story, "1.0", "1.1", "1.2")
    before = story.accounts[-1].stands
    done = story.go_back(leaving="1.1")

    assert (done.code, done.verdict) == (1, "1.2 was put there meanwhile, and not 1.1; it was left alone")
    assert done.stands == before
    assert story.go_back(leaving="1.2").stands.current == "1.1"
    assert story.go_back("1.2", leaving="1.1").stands.current == "1.2"


@on_both
def test_a_release_that_was_removed_by_hand_is_passed_over(story: Story) -> None:
    installed(story, "1.0", "1.1", "1.2")
    story.changes("1.1 removed", lambda app: shutil.rmtree(app / "releases/1.1"))

    assert story.go_back("1.1").verdict == "there is no release 1.1 in /srv/app; nothing was changed"
    assert story.go_back().verdict == "running 1.0 from /srv/app/releases/1.0"


@on_both
def test_a_release_without_our_files_has_the_name_of_its_folder(story: Story) -> None:
    def laid_out(app: Path) -> None:
        (app / "releases/0.9").mkdir(parents=True)
        (app / "releases/0.9/content").write_text("0.9")

    story.changes("laid out by hand", laid_out)
    installed(story, "1.0")

    assert story.go_back("0.9").verdict == "running 0.9 from /srv/app/releases/0.9"
    assert story.record().verdict == "nothing no release.json"
    assert story.go_back("1.0").stands.current == "1.0"
    assert story.install("0.9", "built").verdict.startswith("running 0.9 from /srv/app/releases/0.9+")


@on_both
def test_a_host_without_any_release_is_said(story: Story) -> None:
    assert story.record().verdict == "nothing no release is current in /srv/app"
    done = story.go_back()

    assert (done.code, done.verdict) == (1, "/srv/app/current leads to no release; nothing was changed")
    assert story.go_back("1.0").verdict == done.verdict


@on_both
def test_a_long_record_is_cut(story: Story) -> None:
    installed(story, "1.0")
    (story.host.app / "releases/1.0/release.json").write_text("grün\r\n" * 600, encoding="utf-8")

    # SSM's list shows 2,500 characters of what was said; an ü has two bytes.
    assert story.record().verdict == "record " + "grün  " * 285 + "grün"
