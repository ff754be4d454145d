"""A file tells what it was made with, and can be made with it again."""

import pytest

from gocd.errors import GoCDError
from gocd.templates.record import made_with, recorded
from gocd.templates.values import Values

EVERYTHING = Values(
    "staging",
    name="web",
    group="shop",
    instances=("Web 1", "it's", 'a "b"', "back\\slash", "x" * 120),
    load_balancers=("one", "two"),
    via="command",
    command=("./deploy.sh", "{instance_id}", "--name", "", "a b", "#{x}", "\\"),
    format_version=9,
    automatic=True,
    parameters={"region": "eu-west-1", "status_url": "http://{private_ip}:8080/a=b", "release": ""},
)


@pytest.mark.parametrize(
    "values",
    [Values("staging"), Values("rolling", automatic=False), Values("herd-upgrade", name="x"), EVERYTHING],
)
def test_what_a_file_was_made_with_is_read_from_its_comment(values: Values) -> None:
    text = f"# A file.\n#\n# Made with: {made_with(values)}\n# And more.\n\nformat_version: 10\n"

    assert recorded(text) == values
    assert {line[:1] for line in text.splitlines()} == {"#", "", "f"}


def test_a_long_one_goes_on_in_the_next_line_as_in_a_shell() -> None:
    lines = made_with(EVERYTHING).splitlines()

    assert len(lines) == 5
    assert [line[-2:] for line in lines[:-1]] == [" \\"] * 4
    assert {line[:4] for line in lines[1:]} == {"#   "}


@pytest.mark.parametrize("text", ["", "pipelines: {}\n", "# Made with: love\n", "x: '# Made with: y'\n"])
def test_another_file_was_made_with_nothing(text: str) -> None:
    assert recorded(text) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("'", "cannot be read"),
        ("", "cannot be read"),
        ("staging --name", "cannot be read"),
        ("staging --format-version ten", "format_version ten is no number"),
        ("staging --colour red", "there is no option --colour"),
        ("nothing", "there is no template 'nothing'"),
        ("rolling --instances a", "names no machine"),
    ],
)
def test_a_spoilt_one_is_told(line: str, why: str) -> None:
    with pytest.raises(GoCDError, match=why):
        recorded(f"# Made with: gocd-tasks pipeline new {line}\n")
