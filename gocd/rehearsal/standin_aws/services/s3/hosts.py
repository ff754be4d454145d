"""S3's own hosts: which bucket and region a name means, and that others redirect.

Sources: Amazon S3 user guide, Virtual hosting of buckets, Request redirection and the REST API; API
reference, Error responses.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

# Where a request keeps what it came with.
ASKED, PATH = "standin.s3.host", "standin.s3.path"

# What is asked of the host without a region is looked for here.
GLOBAL = "us-east-1"

_HOST = re.compile(r"(?:(.+)\.)?s3(?:[.-]([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?")


def put_bucket_into_path(environ: MutableMapping[str, Any]) -> None:
    """Have a request to a bucket's own host look like one to S3's; what it came with stays beside it."""
    environ[ASKED], environ[PATH] = environ.get("HTTP_HOST", ""), environ["PATH_INFO"]
    if (found := _HOST.fullmatch(environ[ASKED])) and found[1]:
        for path in ("PATH_INFO", "RAW_URI", "REQUEST_URI"):
            environ[path] = f"/{found[1]}{environ.get(path, '')}"
        environ["HTTP_HOST"] = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"


def redirect(asked: str, region: str) -> tuple[int, str, str] | None:
    """Give status, code and message if a bucket of this *region* is not at the host that was *asked*.

    The host of all regions does not know a new bucket yet, and redirects for a time.
    """
    found = _HOST.fullmatch(asked)
    if not found or (found[2] or GLOBAL) == region:
        return None
    if found[1] and not found[2]:
        return 307, "TemporaryRedirect", "Please re-send this request to the specified temporary endpoint."
    text = "The bucket you are attempting to access must be addressed using the specified endpoint."
    return 301, "PermanentRedirect", text
