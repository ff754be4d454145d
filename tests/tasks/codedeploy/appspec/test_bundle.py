"""A release as the agent finds it: which folder it strips, which file is the appspec, where links lead."""

from collections.abc import Callable, Mapping

import pytest

from tasks.archives.artifact import Artifact
from tasks.archives.member import Kind
from tasks.codedeploy.appspec.bundle import APPSPEC, open_bundle
from tests.tasks.codedeploy.appspec.releases import tar, zipped


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize(
    ("names", "top", "found"),
    [
        (["appspec.yml", "app/x"], "", True),
        (["./appspec.yml", "./app/x"], "", True),
        (["app/appspec.yml", "app/scripts/x"], "app/", True),
        (["./app/appspec.yml", "./app/x"], "app/", True),
        (["app/appspec.yml", "README"], "", False),
        (["app/conf/appspec.yml", "app/x"], "", False),
        # Anything called so is a sign to strip; it need not be the appspec.
        (["app/old-AppSpec.txt", "app/x"], "app/", False),
        (["appspec.yml/x"], "", False),
    ],
)
def test_one_folder_at_the_top_is_left_out_if_it_has_an_appspec_and_nothing_is_beside_it(
    pack: Callable[[Mapping[str, bytes]], Artifact], names: list[str], top: str, found: bool
) -> None:
    bundle = open_bundle(pack(dict.fromkeys(names, b"text")))

    assert bundle.top == top
    assert (bundle.kind(APPSPEC) is Kind.FILE) == found
    assert bundle.contents([APPSPEC]) == ({APPSPEC: b"text"} if found else {})


def test_links_are_followed_and_those_that_lead_nowhere_are_told_apart() -> None:
    links = {"current": "releases/2.0", "start": "./current/start.sh", "lost": "nowhere", "a": "b", "b": "a"}
    found = open_bundle(tar({"appspec.yml": b"", "releases/2.0/start.sh": b"go"}, links))

    assert found.kind("current/start.sh") is found.kind("start") is Kind.FILE
    assert found.contents(["start", "current/start.sh"]) == {"start": b"go", "current/start.sh": b"go"}
    assert found.kind("/current") is found.kind("/") is found.kind("releases/2.0/..") is Kind.FOLDER
    assert found.kind("lost") is found.kind("./lost") is found.kind("a") is Kind.LINK
    assert found.kind("lost/further") is None
    assert found.kind("../start") is None
    assert [path for path, _ in found.below("current")] == ["start.sh"]
