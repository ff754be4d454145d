import pytest

from gocd.web_address import has_login, is_web_address


@pytest.mark.parametrize(
    "url", ["http://a", "https://a.example.com:8154/go", "http://[::1]:80/", "HTTP://a/"]
)
def test_an_address_has_a_scheme_of_the_web_and_a_host(url: str) -> None:
    assert is_web_address(url)


@pytest.mark.parametrize(
    "url",
    ["", "a.example.com", "ftp://a", "http://", "http:///go", "http://a:0", "http://a:99999", "http://[::1"],
)
def test_anything_else_is_none(url: str) -> None:
    assert not is_web_address(url)


def test_a_login_in_it_is_seen() -> None:
    assert has_login("https://ann:otter@a/go")
    assert not has_login("https://a/go?mail=ann@b")
