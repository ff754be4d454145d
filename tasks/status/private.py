"""Addresses that no proxy leads to: those of the agent's own network and of its VPCs."""

import ipaddress
from urllib.parse import urlsplit

# RFC 1918, 6598 (which VPCs use as well), 3927, 1122, 4193 and 4291. For names there is NO_PROXY.
NETWORKS = [
    ipaddress.ip_network(each)
    for each in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
]


def is_private(url: str) -> bool:
    """Whether *url* names its host by an address of a private network."""
    try:
        address = ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return any(address in network for network in NETWORKS)
