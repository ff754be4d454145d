"""A value in YAML is read back as it was, on a line of its own and in a list on one line."""

import pytest
import yaml

from gocd.reading.parameters import substitute
from gocd.templates.scalars import literal, scalar

# Divided by blanks where they hold none.
NUMBERS = "60 1.10 1e3 0x1f 1_0 2024-01-01 2024-13-45 10.0.1.17 50% 10,50 yes null ~ True = <<"
SIGNS = "' \" ? | > @a `a` %a &a *a !a #a #{a} a{b} [a] {a} a:b - -- --- . .. ... -x --start \\ C:\\srv"
WORDS = "web i-0a12b3c4 /srv/app eu-west-1 ünï 日本 it's http://{private_ip}:8080/_status"
BLANKS = ("", " ", "a ", " a", "a: b", "a #b", 'a "b"', "a, b", "systemctl restart app")


@pytest.mark.parametrize("value", [*NUMBERS.split(), *SIGNS.split(), *WORDS.split(), *BLANKS])
def test_every_value_is_read_back_as_it_was(value: str) -> None:
    assert yaml.safe_load(f"a: {scalar(value)}\n") == {"a": value}
    assert yaml.safe_load(f"{scalar(value)}: a\n") == {value: "a"}
    assert yaml.safe_load(f"[a, {scalar(value)}, b]\n") == ["a", value, "b"]
    assert yaml.safe_load(f"{{a: {scalar(value)}, b: c}}\n") == {"a": value, "b": "c"}


def test_a_number_that_nobody_could_read_is_text() -> None:
    assert scalar("9" * 5000) == f'"{"9" * 5000}"'


@pytest.mark.parametrize("value", ["web-1", "systemctl restart app", "/srv/app", "app/release.tar.gz"])
def test_what_needs_no_quotes_has_none(value: str) -> None:
    assert scalar(value) == value


@pytest.mark.parametrize("value", ["#", "##", "#{a}", "a#b", "$#", "a"])
def test_a_literal_is_itself_once_gocd_has_put_parameters_in(value: str) -> None:
    assert substitute(yaml.safe_load(literal(value)), {"a": "no"}) == value
