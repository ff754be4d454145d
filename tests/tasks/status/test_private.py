"""Which hosts are asked without a proxy."""

import pytest

from tasks.status.private import is_private


@pytest.mark.parametrize(
    "host",
    ["10.1.2.3", "172.31.0.9", "192.168.1.1", "100.64.0.7", "169.254.1.1", "127.0.0.1", "[fd12::1]", "[::1]"],
)
def test_addresses_of_private_networks(host: str) -> None:
    assert is_private(f"http://{host}:8080/_status")


@pytest.mark.parametrize(
    "host", ["172.32.0.1", "100.128.0.1", "8.8.8.8", "[2600::1]", "localhost", "ip-10-0-0-1.ec2.internal"]
)
def test_other_addresses_and_all_names(host: str) -> None:
    assert not is_private(f"https://{host}/_status")


@pytest.mark.parametrize("url", ["", "nonsense", "http://", "http://10.0.0/"])
def test_what_has_no_address(url: str) -> None:
    assert not is_private(url)
