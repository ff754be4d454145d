import pytest

from gocd.errors import GoCDError
from gocd.reading.parameters import substitute

VALUES = {"lb": "staging", "odd": "a#b #{lb} ##"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("no hash at all", "no hash at all"),
        ("#{lb}", "staging"),
        ("a-#{lb}-#{lb}", "a-staging-staging"),
        ("##", "#"),
        ("##!/bin/bash\necho $##", "#!/bin/bash\necho $#"),
        ("##{lb}", "#{lb}"),
        ("###{lb}", "#staging"),
        ("####", "##"),
    ],
)
def test_parameters_go_in_and_two_hashes_become_one(text: str, result: str) -> None:
    assert substitute(text, VALUES) == result


def test_a_value_goes_in_once_and_its_own_hashes_stay() -> None:
    assert substitute("<#{odd}>", VALUES) == "<a#b #{lb} ##>"


@pytest.mark.parametrize("text", ["#", "a # comment", "$#", "#!/bin/bash", "##-#", "trailing #"])
def test_a_lone_hash_is_an_error_that_says_how_to_write_one(text: str) -> None:
    with pytest.raises(GoCDError, match=r"lone '#' in .*write '##'"):
        substitute(text, VALUES)


def test_a_lone_hash_is_an_error_even_without_any_parameter() -> None:
    with pytest.raises(GoCDError, match="lone '#'"):
        substitute("#", {})


def test_an_unknown_parameter_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(
        GoCDError, match=r"parameter 'lp' in '#\{lp\}' is not defined; the parameters are: lb, odd"
    ):
        substitute("#{lp}", VALUES)


def test_an_unclosed_parameter_is_an_error() -> None:
    with pytest.raises(GoCDError, match=r"'#\{' without its '\}'"):
        substitute("a #{lb", VALUES)
