"""Installing a release, on both kinds of host."""

import json
import shutil
import stat

import pytest

from tests.tasks.hosts.host import tar_of_links, zip_of
from tests.tasks.hosts.story import Story
from tests.tasks.hosts.twins import Hosts, on_both

# Values that would be code, were they ever read as such, and that Windows takes for a name.
HOSTILE = [
    "a b",
    "it's",
    "$(touch HACKED)",
    "`touch HACKED`",
    "; touch HACKED",
    "$HOME",
    "$env-HOME",
    "{{ssm-secret}}",
    "grüße-日本",
    "🚀",
    "a&b",
    "%s%n",
    "@(1)",
    "#1",
]


@on_both
def test_a_release_becomes_current_with_its_facts(story: Story) -> None:
    done = story.install("1.0", "the first")

    assert (done.code, done.verdict) == (0, "running 1.0 from /srv/app/releases/1.0")
    digest = story.host.release("the first")
    assert done.stands.releases == {
        "1.0/content": "the first",
        "1.0/release.json": '{"version": "1.0"}\n',
        "1.0/.version": "1.0",
        "1.0/.sha256": digest,
    }
    assert (done.stands.current, done.stands.history, done.stands.beside) == ("1.0", ("1.0",), ())


@on_both
def test_the_same_again_changes_nothing_and_needs_no_download(story: Story) -> None:
    digest = story.host.release("1.0")
    first = story.install("1.0")
    (story.host.served / "app").unlink()
    again = story.step("again", story.host.script("1.0", sha256=digest))

    assert again.code == 0
    assert again.stands == first.stands


@on_both
def test_the_same_again_is_recorded_with_its_own_time_and_becomes_current_once_more(story: Story) -> None:
    story.install("1.0", facts='{"time": "first"}')
    story.install("1.1")
    done = story.install("1.0", facts='{"time": "second"}')

    assert json.loads(done.stands.releases["1.0/release.json"]) == {"time": "second"}
    assert (done.stands.current, done.stands.names, done.stands.history) == (
        "1.0",
        ["1.0", "1.1"],
        ("1.1", "1.0"),
    )
    assert story.record().verdict == 'record {"time": "second"} '


@on_both
def test_the_same_version_with_other_contents_gets_a_folder_beside_it(story: Story) -> None:
    story.install("1.0")
    digest = story.host.release("other")
    done = story.install("1.0", "other")

    assert done.verdict == f"running 1.0 from /srv/app/releases/1.0+{digest[:12]}"
    assert done.stands.names == ["1.0", f"1.0+{digest[:12]}"]
    assert story.install("1.0", "other").stands == done.stands
    assert story.install("1.0", "a third").stands.current != done.stands.current


@on_both
def test_another_checksum_and_a_failed_download_change_nothing(story: Story) -> None:
    before = story.install("1.0").stands
    story.host.release("2.0")
    wrong = story.install("2.0", sha256="0" * 64)

    assert wrong.code == 1
    assert wrong.verdict == (
        "the release arrived with another SHA-256 than it was sent with; nothing was changed"
    )
    missing = story.host.script("2.0")
    (story.host.served / "app").unlink()
    failed = story.step("not there", missing)
    assert failed.code == 1
    assert failed.verdict == (
        "the release could not be fetched: something between this instance and SERVER answered 404 with a "
        "page; nothing was changed"
    )
    assert before == wrong.stands == failed.stands


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_archive_that_is_none_changes_nothing(hosts: Hosts, kind: str) -> None:
    def scenario(story: Story) -> None:
        before = story.install("1.0").stands
        done = story.install("2.0", kind=kind, sha256=story.host.serve(b"not an archive"))
        assert done.code == 1
        assert done.verdict == "the release could not be unpacked (WHY); nothing was changed"
        assert done.stands == before

    hosts.both(scenario)


OWN = ("release.json", ".sha256", ".version")
THEIRS = {
    "files": zip_of(dict.fromkeys(OWN, (stat.S_IFREG | 0o644, b"theirs"))),
    "read-only files": zip_of(dict.fromkeys(OWN, (stat.S_IFREG | 0o444, b"theirs"))),
    "folders": zip_of({f"{name}/inside": (stat.S_IFREG | 0o444, b"theirs") for name in OWN}),
    "links": tar_of_links(dict.fromkeys(OWN, "../1.0/content")),
}


@pytest.mark.parametrize("name", THEIRS)
def test_a_release_may_bring_what_has_our_own_names(hosts: Hosts, name: str) -> None:
    def scenario(story: Story) -> None:
        story.install("1.0")
        digest = story.host.serve(THEIRS[name])
        kind = "tar" if name == "links" else "zip"
        done = story.install("1.1", kind=kind, sha256=digest)
        assert (done.code, done.verdict) == (0, "running 1.1 from /srv/app/releases/1.1")
        assert {path: text for path, text in done.stands.releases.items() if path.startswith("1.1/")} == {
            "1.1/release.json": '{"version": "1.1"}\n',
            "1.1/.version": "1.1",
            "1.1/.sha256": digest,
        }
        assert done.stands.releases["1.0/content"] == "1.0"
        assert story.install("1.1", kind=kind, sha256=digest).stands == done.stands

    hosts.both(scenario)


@pytest.mark.exhaustive
@on_both
def test_no_version_and_no_fact_is_ever_code(story: Story) -> None:
    for value in HOSTILE:
        done = story.install(value, facts=json.dumps({"v": value}), keep=50)
        assert (done.code, done.verdict) == (0, f"running {value} from /srv/app/releases/{value}")
        assert json.loads(done.stands.releases[f"{value}/release.json"]) == {"v": value}
    assert story.accounts[-1].stands.history == tuple(HOSTILE)
    for value in HOSTILE[:3]:
        assert story.go_back(value).stands.current == value
    assert not list(story.host.root.rglob("HACKED"))


@on_both
def test_leftovers_of_a_killed_run_are_swept_away_read_only_ones_too(story: Story) -> None:
    left = story.host.app / "releases/.incoming.abc123"
    (left / "release/folder").mkdir(parents=True)
    (left / "release/folder/file").write_text("left")
    (left / "release/folder/file").chmod(0o444)
    (left / "archive").write_text("left")

    assert story.install("1.0").stands.names == ["1.0"]


@on_both
def test_only_so_many_releases_are_kept_and_never_less_than_a_rollback_needs(story: Story) -> None:
    for version in ("1.0", "1.1", "1.2", "1.3"):
        assert story.install(version, keep=3).code == 0
    assert story.accounts[-1].stands.names == ["1.1", "1.2", "1.3"]
    assert story.install("1.4", keep=2).stands.names == ["1.3", "1.4"]
    assert story.install("1.5", keep=1).stands.names == ["1.5"]
    assert story.go_back().verdict == "there is no earlier release than 1.5 to go back to; 1.5 stays"


@on_both
@pytest.mark.exhaustive
def test_what_was_gone_back_from_goes_before_what_may_be_gone_back_to(story: Story) -> None:
    for version in ("1.0", "1.1", "1.2", "1.3"):
        story.install(version)
    story.go_back("1.1")

    assert story.install("1.4", keep=4).stands.names == ["1.0", "1.1", "1.3", "1.4"]
    assert story.install("1.5", keep=3).stands.names == ["1.1", "1.4", "1.5"]
    assert story.go_back().verdict == "running 1.4 from /srv/app/releases/1.4"


@on_both
def test_a_release_that_somebody_removed_takes_no_place_of_those_that_are_kept(story: Story) -> None:
    for version in ("1.0", "1.1", "1.2"):
        story.install(version)
    story.changes("1.2 removed", lambda app: shutil.rmtree(app / "releases/1.2"))

    assert story.install("1.3", keep=3).stands.names == ["1.0", "1.1", "1.3"]
