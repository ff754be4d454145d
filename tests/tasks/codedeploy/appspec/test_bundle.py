"""A release as the agent finds it: which folder it strips, which file is the appspec, where links lead."""

from collections.abc import Callable, Mapping

import pytest

from tasks.archives.artifact import Artifact
from tasks.archives.member import Kind
from tasks.codedeploy.appspec.bundle import open_bundle
from tests.tasks.codedeploy.appspec.releases import tar, zipped


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize(
    ("names", "top", "appspec"),
    [
        (["appspec.yml", "app/x"], "", "appspec.yml"),
        (["./appspec.yml", "./app/x"], "", "appspec.yml"),
        (["app/appspec.yml", "app/scripts/x"], "app/", "appspec.yml"),
        (["./app/appspec.yaml", "./app/x"], "app/", "appspec.yaml"),
        (["appspec.yaml", "appspec.yml"], "", "appspec.yml"),
        (["app/appspec.yml", "README"], "", ""),
        (["app/conf/appspec.yml", "app/x"], "", ""),
        # Anything called so is a sign to strip; it need not be the appspec.
        (["app/old-AppSpec.txt", "app/x"], "app/", ""),
        (["appspec.yml/x"], "", ""),
    ],
)
def test_one_folder_at_the_top_is_left_out_if_it_has_an_appspec_and_nothing_is_beside_it(
    pack: Callable[[Mapping[str, bytes]], Artifact], names: list[str], top: str, appspec: str
) -> None:
    found = open_bundle(pack(dict.fromkeys(names, b"text")))

    assert (found.top, found.appspec) == (top, appspec)
    if appspec:
        assert found.contents([appspec]) == {appspec: b"text"}


def test_links_are_followed_and_those_that_lead_nowhere_are_told_apart() -> None:
    links = {"current": "releases/2.0", "start": "./current/start.sh", "lost": "nowhere", "a": "b", "b": "a"}
    found = open_bundle(tar({"appspec.yml": b"", "releases/2.0/start.sh": b"go"}, links))

    assert found.kind("current/start.sh") is found.kind("start") is Kind.FILE
    assert found.contents(["start", "current/start.sh"]) == {"start": b"go", "current/start.sh": b"go"}
    assert found.kind("/current") is found.kind("/") is found.kind("releases/2.0/..") is Kind.FOLDER
    assert found.kind("lost") is None or found.kind("lost") is Kind.LINK
    assert found.kind("a") is Kind.LINK
    assert found.kind("../start") is None
    assert [path for path, _ in found.below("current")] == ["start.sh"]
