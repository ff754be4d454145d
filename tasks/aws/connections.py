"""botocore's connections, so that they heed the deadline of the call that they are used in."""

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

from gocd.connection import HeedingConnection


class _Plain(HeedingConnection, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _Secure(HeedingConnection, AWSHTTPSConnection):  # type: ignore[misc]
    pass


def have_them_heed() -> None:
    """Have whatever botocore asks heed it: AWS's services, and what it asks for credentials by itself.

    A pool makes its connections of its class's ConnectionCls (urllib3, HTTPConnectionPool), and botocore has
    no other way to give it one.
    """
    AWSHTTPConnectionPool.ConnectionCls = _Plain
    AWSHTTPSConnectionPool.ConnectionCls = _Secure
