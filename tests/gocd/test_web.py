"""One question over HTTP, and all of its answer in time."""

import pytest
from requests.exceptions import Timeout

from gocd import web
from tests.dripping import WAYS, dripping


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_goes_on_for_ever_has_not_answered_in_time(way: str) -> None:
    with dripping(way) as url, pytest.raises(Timeout, match="no answer within"):
        web.get(url, seconds=0.3, headers={})


def test_a_body_that_is_not_wanted_is_not_waited_for() -> None:
    with dripping("body") as url:
        assert web.get(url, seconds=5, headers={}, body_of=()).status == 200


@pytest.mark.parametrize(
    ("pieces", "body"), [([], b""), ([b"ab", b"c"], b"abc"), ([b"ab", b"cd", b"never asked for"], b"abc")]
)
def test_no_more_of_a_body_is_kept_than_asked_for(pieces: list[bytes], body: bytes) -> None:
    assert web.beginning(pieces, 3) == body
