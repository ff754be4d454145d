"""JSON of others' is read, or refused as a ValueError and as nothing else."""

import pytest

from gocd.json_text import read_json


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "nan", "[NaN]", "[Infinity]", "[-Infinity]", "[1e400]", "[-1e400]", "[²]", "[1_000]"),
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 10_000,
        b"\xff",
    ],
)
def test_what_cannot_be_read_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        read_json(text)


def test_what_can_be_is_what_it_says() -> None:
    assert read_json(b'{"a": [1, 1.5, null, "nan"]}') == {"a": [1, 1.5, None, "nan"]}
