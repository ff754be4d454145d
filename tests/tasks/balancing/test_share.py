"""A count or a percentage, as people write it."""

import pytest

from tasks.balancing.share import Share, parse_share
from tasks.running.errors import Refused


@pytest.mark.parametrize(("text", "share"), [("2", Share(2, False)), ("100%", Share(100, True))])
def test_a_count_and_a_percentage_are_read(text: str, share: Share) -> None:
    assert parse_share("--batch", text, "2", "33%") == share


@pytest.mark.parametrize("text", ["", "²", "٣", "1_000", "-1", "1.5", "nan", "inf", "101%", "%", "9" * 400])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="--batch takes a count such as 2 or a percentage such as 33%, not"):
        parse_share("--batch", text, "2", "33%")
