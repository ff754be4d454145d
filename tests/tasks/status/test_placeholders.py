"""What stands for an instance in a URL or a command."""

import pytest

from tasks.status.placeholders import fill

IPV6 = {"private_ip": "fd00::5"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("http://{private_ip}:8080/_status", "http://[fd00::5]:8080/_status"),
        ("http://[{private_ip}]:8080/_status", "http://[fd00::5]:8080/_status"),
        ("{private_ip}", "fd00::5"),
        ("http://proxy/?to={private_ip}", "http://proxy/?to=fd00::5"),
    ],
)
def test_an_address_of_ipv6_has_its_brackets_where_a_url_wants_them(text: str, filled: str) -> None:
    assert fill(text, IPV6) == filled
