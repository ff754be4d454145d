"""Addresses of servers, as people give them."""

from urllib.parse import urlsplit


def is_web_address(text: str) -> bool:
    """Whether *text* is an ``http://`` or ``https://`` URL with a host, and no port that cannot be."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def has_login(url: str) -> bool:
    """Whether there is a name or a password in *url*, which would be printed with it."""
    return "@" in urlsplit(url).netloc
