"""A file made once more has what follows from other values, and what was changed by hand."""

from typing import Any

import pytest

from gocd.errors import GoCDError
from gocd.templates.again import Made, make
from gocd.templates.text import text_of
from gocd.templates.values import Values

THREE = Values(
    "staging", instances=("A", "B", "C"), load_balancers=("web",), parameters={"region": "us-east-1"}
)
CHECK = """\
                # Our own.
                - exec:
                    command: ./smoke
"""


def again(before: str, anew: bool = False, template: str = "staging", **values: Any) -> Made:
    return make(Values(template, **values), before, anew=anew)


def by_hand(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def own_check(text: str) -> str:
    """*text* with a check of the site's own after those of all machines."""
    start = text.index("            traffic:\n              timeout", text.index("      - verify:"))
    return text[:start] + CHECK + text[start:]


def test_a_file_that_is_not_there_is_made_of_what_is_asked() -> None:
    assert make(THREE, None, anew=False) == Made(THREE, text_of(THREE))


def test_what_is_not_said_again_stays_as_it_was() -> None:
    made = again(text_of(THREE), instances=("A", "B"))

    assert made.values == Values(
        "staging", instances=("A", "B"), load_balancers=("web",), parameters={"region": "us-east-1"}
    )
    assert made.text == text_of(made.values)


def test_the_same_once_more_changes_nothing() -> None:
    before = own_check(text_of(THREE))

    assert again(before).text == before
    assert again(before, instances=THREE.instances, load_balancers=("web",)).text == before


@pytest.mark.parametrize("names", [("A", "B", "C", "D"), ("A", "B"), ("X", "B", "C"), ("A",), ("C", "A")])
def test_other_machines_change_what_follows_and_what_was_changed_by_hand_is_kept(
    names: tuple[str, ...],
) -> None:
    changes = ("group: deployment", "group: shop"), ('min_healthy: "1"', "min_healthy: 50%")
    before = own_check(by_hand(text_of(THREE), *changes))
    made = again(before, instances=names)

    plain = Values("staging", instances=names, load_balancers=("web",), parameters={"region": "us-east-1"})
    assert made.text == own_check(by_hand(text_of(plain), *changes))
    assert made.kept == 3


def test_what_was_changed_by_hand_as_it_is_asked_for_is_no_contradiction() -> None:
    before = by_hand(text_of(THREE), ("load_balancer: web\n", "load_balancer: shop\n"))
    made = again(before, load_balancers=("shop",))

    assert (made.text, made.kept) == (text_of(made.values), 0)


def test_it_is_refused_where_both_are_about_the_same_line() -> None:
    before = by_hand(text_of(THREE), ("load_balancer: web\n", "load_balancer: shop\n"))
    line = before.splitlines().index("      load_balancer: shop") + 1
    with pytest.raises(GoCDError) as refused:
        again(before, load_balancers=("api",))

    assert str(refused.value) == (
        f"line {line} ('load_balancer: shop') was changed by hand and what is asked for would change it "
        "as well"
    )


def test_a_stage_of_a_machine_that_goes_is_refused_if_it_was_changed_by_hand() -> None:
    text = text_of(THREE)
    at = text.index("timeout: 30", text.index("      - C:"))
    before = f"{text[:at]}timeout: 60{text[at + len('timeout: 30') :]}"

    assert "timeout: 60" in again(before, instances=("A", "B", "C", "D")).text
    with pytest.raises(GoCDError, match=r"'timeout: 60'.* was changed by hand"):
        again(before, instances=("A", "B"))


def test_anew_it_is_without_what_was_changed_by_hand_and_with_what_was_said() -> None:
    before = by_hand(text_of(THREE), ("load_balancer: web\n", "load_balancer: shop\n"))
    made = again(before, anew=True, load_balancers=("api",))

    assert made.text == text_of(made.values)
    assert made.values.instances == THREE.instances


def test_another_way_of_placing_a_release_leaves_the_other_ones_values_behind() -> None:
    ssm = Values("staging", parameters={"install_to": "/opt/x", "application": "shop", "region": "eu-west-2"})
    made = again(text_of(ssm), via="codedeploy")

    assert made.values.parameters == {"application": "shop", "region": "eu-west-2"}
    command = again(made.text, via="command", command=("./x",))
    assert command.values.parameters == {"region": "eu-west-2"}
    assert again(command.text, via="ssm").values.command == ()


def test_what_a_template_had_before_counts_as_changed_by_hand() -> None:
    older = by_hand(text_of(THREE), ("      # Its port.\n", "      # The port there.\n"))
    made = again(older, instances=("A", "B", "C", "D"))

    assert "      # The port there.\n" in made.text
    assert made.kept == 1


def test_a_file_with_the_line_ends_of_windows_keeps_them() -> None:
    before = own_check(text_of(THREE)).replace("\n", "\r\n")
    made = again(before, instances=("A", "B"))

    assert made.text.count("\r\n") == made.text.count("\n") > 0
    assert again(before).text == before


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("text", ["", "format_version: 10\n", "# Made with: care\n"])
def test_a_file_of_somebody_elses_is_never_taken(text: str, anew: bool) -> None:
    with pytest.raises(GoCDError, match="it was not made by pipeline new"):
        again(text, anew=anew)


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (text_of(Values("rolling")), "it was made from the template rolling, not from staging"),
        ("# Made with: gocd-tasks pipeline new staging --colour red\n", "there is no option --colour"),
    ],
)
def test_what_can_only_be_made_anew_is_refused_otherwise(before: str, why: str) -> None:
    with pytest.raises(GoCDError, match=why):
        again(before)

    assert again(before, anew=True) == Made(Values("staging"), text_of(Values("staging")))
