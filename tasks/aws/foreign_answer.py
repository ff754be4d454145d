"""Answers that are not AWS's: the page of a proxy that blocks, or the redirect of a captive portal.

botocore reads some of them as an error of AWS's, some as an empty success, and fails at others.
"""

import re
from collections.abc import Mapping
from typing import Any

from tasks.running.quoting import clipped

# One of these is in every answer of AWS's (each service's API reference, Common response headers).
OF_AWS = {"x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id", "x-amz-id-2"}

PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)

# Bytes of a page in which its title is looked for; it takes time with their square.
HEAD = 16_384


class NotOfAws(Exception):
    """An answer that is not AWS's; its text says what it is instead.

    Attributes:
        status: Its HTTP status.
    """

    def __init__(self, what: str, status: int) -> None:
        super().__init__(what)
        self.status = status


def expect_aws(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Raise if an answer is not AWS's: what botocore calls before it reads one (event ``before-parse``).

    Raises:
        NotOfAws: It is a page, or leads elsewhere.
    """
    headers = {name.lower(): str(value) for name, value in response_dict["headers"].items()}
    if OF_AWS & headers.keys():
        return
    status, body = int(response_dict["status_code"]), response_dict.get("body")
    # What is streamed is read by nobody yet.
    content = bytes(body).removeprefix(b"\xef\xbb\xbf") if isinstance(body, (bytes, bytearray)) else b""
    what = _what(status, headers, content)
    if what:
        if close := getattr(body, "close", None):
            close()
        raise NotOfAws(what, status)


def _what(status: int, headers: Mapping[str, str], content: bytes) -> str:
    """What it is instead of an answer of AWS's; empty if it may be one."""
    if 300 <= status < 400:
        return f"a redirect to {headers.get('location', 'nowhere')} ({status})"
    if headers.get("content-type", "").startswith("text/html") or PAGE.match(content):
        title = TITLE.search(content[:HEAD])
        words = " ".join(title[1].decode(errors="replace").split()) if title else ""
        named = f', "{clipped(words)}"' if words else ""
        return f"a page ({status}{named})"
    return ""
