"""The login comes from the environment, whole or not at all."""

import pytest

from gocd.client.errors import BadAddress
from gocd.client.login import NOBODY, Login


@pytest.mark.parametrize(
    ("environ", "header"),
    [
        ({}, ""),
        ({"GOCD_ACCESS_TOKEN": ""}, ""),
        ({"GOCD_ACCESS_TOKEN": "abc"}, "Bearer abc"),
        ({"GOCD_USER": "jez", "GOCD_PASSWORD": "b:ä"}, "Basic amV6OmI6w6Q="),
    ],
)
def test_it_is_a_token_or_a_user_or_nobody(environ: dict[str, str], header: str) -> None:
    login = Login.from_environment(environ)

    assert login.header == header
    assert (login == NOBODY) is (header == "")


def test_what_it_is_is_not_shown() -> None:
    assert "abc" not in repr(Login.from_environment({"GOCD_ACCESS_TOKEN": "abc"}))


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"GOCD_USER": "jez"}, "go together"),
        ({"GOCD_PASSWORD": "b"}, "go together"),
        ({"GOCD_USER": "jez", "GOCD_PASSWORD": "b", "GOCD_ACCESS_TOKEN": "abc"}, "both"),
        ({"GOCD_ACCESS_TOKEN": "abc\n"}, "characters that no token has"),
    ],
)
def test_half_a_login_or_two_are_refused(environ: dict[str, str], words: str) -> None:
    with pytest.raises(BadAddress, match=words):
        Login.from_environment(environ)
