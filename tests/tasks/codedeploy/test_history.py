"""Which release came before, read from what CodeDeploy remembers of a group."""

import pytest

from tasks.aws.deployment_state import Deployment, Revision
from tasks.codedeploy.history import PlacedRelease, described, read_history

# A deployment in a few letters: what it placed, and how that ended. "~" is a rollback of CodeDeploy's own,
# and "?" one that somebody else made.
ENDINGS = {"+": "Succeeded", "-": "Failed", "!": "Stopped", ".": "InProgress"}


def revision(letter: str) -> Revision:
    return Revision("releases", f"app/{letter}", "tgz")


def deployments(told: str) -> list[Deployment]:
    made = []
    for number, word in enumerate(told.split()):
        letter, ending = word[-2], ENDINGS[word[-1]]
        text = f"gocd-tasks {letter} 0123456789abcdef run {number}" if len(word) == 2 else ""
        made.append(
            Deployment(
                f"d-{number}", ending, text, Revision("b", "k", "zip") if word[0] == "?" else revision(letter)
            )
        )
    return made


@pytest.mark.parametrize(
    ("told", "to", "expected"),
    [
        ("", "", None),
        ("A+", "", None),
        ("A+ B+", "", "A"),
        ("A+ B+ C+", "", "B"),
        ("A+ B+ C+ B+", "", "A"),
        ("A+ B+ C+ B+ A+", "", None),
        ("A+ B+ C+ B+ C+", "", "B"),
        ("A+ B+ B+", "", "A"),
        ("A-", "", None),
        ("A+ B-", "", "A"),
        ("A+ B+ A+ C-", "", "A"),
        ("A+ B!", "", "A"),
        ("A+ B- ~A+", "", None),
        ("A+ B+ C- ~B+", "", "A"),
        ("A+ B+ ?X+", "", "B"),
        ("?X+ A+", "", None),
        ("A+ B+ C+", "A", "A"),
        ("A+ B+ C+", "C", "C"),
        ("A+ B-", "B", None),
        ("A+", "Z", None),
    ],
)
def test_the_release_to_go_back_to(told: str, to: str, expected: str | None) -> None:
    back = read_history(deployments(told)).back_to(to)

    assert (back and back.version) == expected


@pytest.mark.parametrize("version", ["1.0", "a b", "1 0123456789abcdef run 2", "ünï", "v1 run"])
def test_a_release_is_read_back_from_its_own_description(version: str) -> None:
    release = PlacedRelease(version, "0123456789abcdef", revision("A"))

    assert described(Deployment("d-1", "Created", release.description("42"), revision("A"))) == release


@pytest.mark.parametrize(
    "description", ["", "by hand", "gocd-tasks", "gocd-tasks 1.0 run 2", "our gocd-tasks 1 ab run 2"]
)
def test_what_others_describe_is_no_release_of_ours(description: str) -> None:
    assert described(Deployment("d-1", "Succeeded", description, revision("A"))) is None
