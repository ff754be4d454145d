"""Buckets in any region, and links followed to where they lead: the stand-in, whatever host they name."""

import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import botocore.config
import botocore.session

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.world import World


def s3(cloud: World, region: str, **settings: Any) -> Any:
    """Open a client of this region, as any program's, that knows the account's keys."""
    return botocore.session.Session().create_client(
        "s3",
        region_name=region,
        endpoint_url=cloud.endpoint_url,
        aws_access_key_id=wire.ACCESS_KEY,
        aws_secret_access_key=wire.SECRET_KEY,
        config=botocore.config.Config(**settings),
    )


def make_bucket(cloud: World, name: str, region: str, key: str = "app") -> None:
    """Make a bucket with an object in it."""
    there = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
    client = s3(cloud, region)
    client.create_bucket(Bucket=name, **there)
    client.put_object(Bucket=name, Key=key, Body=b"release")


def follow(cloud: World, url: str, host: str = "") -> str:
    """Get a link's object, or "STATUS CODE: MESSAGE"; sent to the stand-in as if it had the link's host."""
    parts = urlsplit(url)
    here = f"{cloud.endpoint_url}{parts.path}?{parts.query}"
    request = urllib.request.Request(here, headers={"Host": host or parts.netloc})
    try:
        with urllib.request.build_opener(Straight).open(request, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        found = re.search(r"<Code>(.*)</Code><Message>(.*)</Message>", error.read().decode())
        return f"{error.code} {found[1]}: {found[2]}" if found else str(error.code)


class Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_: Any) -> None:
        return None
