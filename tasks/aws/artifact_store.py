"""The S3 bucket that a release passes through on its way to an instance."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from datetime import datetime
from functools import cached_property
from typing import IO, Any

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError, aws_errors
from tasks.aws.release_link import ReleaseLink, region_of, release_link
from tasks.running.errors import Refused

# Parts of an upload, 8 MB each, that are under way at once.
CONCURRENT_PARTS = 4


class _Lent:
    """A file that goes on being open: s3transfer closes what it has sent."""

    def __init__(self, content: IO[bytes]) -> None:
        self.read, self.seek, self.tell = content.read, content.seek, content.tell

    def close(self) -> None:
        """Leave it open, as it may have to be sent again."""


class ArtifactStore:
    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket

    def place(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def since(self, key: str, sha256: str) -> datetime | None:
        """Return when *key* came there with these contents, as an earlier run of the same stage left it.

        None if it is not there so.
        """
        try:
            head = self._aws.call("s3", "head_object", self._bucket, Bucket=self._bucket, Key=key)
        except AwsError as error:
            # Without s3:ListBucket, S3 answers 403 for what is not there.
            if error.code in ("404", "NoSuchKey", "NotFound", "403"):
                return None
            raise
        there = head.get("Metadata", {}).get("sha256") == sha256
        return _came(head) if there else None

    def put(self, key: str, content: IO[bytes], sha256: str) -> None:
        """Upload *content* in parts, with its SHA-256 beside it; S3 checks what it receives.

        It is not closed, and may be uploaded again; while S3 has no time for it, it is, from its beginning.
        """
        from boto3.s3.transfer import TransferConfig, TransferManager  # noqa: PLC0415

        client = self._aws.client("s3", "put_object")
        extra = {"Metadata": {"sha256": sha256}, "ChecksumAlgorithm": "SHA256"}
        settings = TransferConfig(max_concurrency=CONCURRENT_PARTS)
        # boto3 takes this of s3transfer's settings only so; without it, ten parts wait in memory.
        settings.max_in_memory_upload_chunks = CONCURRENT_PARTS
        name = key.rpartition("/")[2]

        def upload() -> None:
            with TransferManager(client, settings, executor_cls=_InContext) as transfers:
                transfers.upload(_Lent(content), self._bucket, key, extra_args=extra).result()
            client.put_object(Bucket=self._bucket, Key=f"{key}.sha256", Body=f"{sha256}  {name}\n".encode())

        size = content.seek(0, os.SEEK_END)

        def send() -> None:
            content.seek(0)
            with aws_errors("s3", "PutObject", self._bucket):
                self._aws.in_time(upload, size=size)

        self._aws.in_rounds("PutObject", send)

    def fetch(self, key: str, into: IO[bytes]) -> str:
        """Write *key*'s contents to *into*, in pieces, and return what S3 knows these contents by.

        Raises:
            Refused: There is no such object.
        """
        try:
            answer = self._aws.call("s3", "get_object", self._bucket, Bucket=self._bucket, Key=key)
        except AwsError as error:
            if error.code in ("NoSuchKey", "NoSuchBucket"):
                raise Refused(f"there is no {self.place(key)}") from None
            raise
        with aws_errors("s3", "GetObject", self._bucket):
            self._aws.in_time(lambda: _copy(answer["Body"], into), size=answer["ContentLength"])
        return str(answer.get("ETag", ""))

    def check_unchanged(self, key: str, etag: str) -> datetime:
        """See that *key* still has the contents that were fetched, and return when those came there.

        Raises:
            Refused: It has others, or is gone.
        """
        place = self.place(key)
        try:
            head = self._aws.call("s3", "head_object", self._bucket, Bucket=self._bucket, Key=key)
        except AwsError as error:
            if error.code in ("404", "NoSuchKey", "NotFound"):
                raise Refused(f"there is no {place} any more") from None
            raise
        if head.get("ETag", "") != etag:
            raise Refused(f"{place} has changed since it was looked at")
        return _came(head)

    def link(self, key: str) -> ReleaseLink:
        """Return a link that fetches *key* without credentials."""
        return release_link(self._aws, self._bucket, key, self._region)

    def address(self, key: str) -> str:
        """Return the URL of *key*, which is of use to AWS's own services and to who has credentials.

        Source: Amazon S3 user guide, Virtual hosting; a certificate is for one word before ``s3``.
        """
        suffix = "amazonaws.com.cn" if self._aws.partition(self._region) == "aws-cn" else "amazonaws.com"
        host = f"s3.{self._region}.{suffix}"
        if "." in self._bucket:
            return f"https://{host}/{self._bucket}/{key}"
        return f"https://{self._bucket}.{host}/{key}"

    @cached_property
    def _region(self) -> str:
        return region_of(self._aws, self._bucket)


def _came(head: Mapping[str, Any]) -> datetime:
    came: datetime = head["LastModified"]
    return came


def _copy(body: Any, into: IO[bytes]) -> None:
    with closing(body):
        for piece in body.iter_chunks(1024**2):
            into.write(piece)


class _InContext(ThreadPoolExecutor):
    """Threads that know of the deadline under which they were given their work."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        return super().submit(copy_context().run, fn, *args, **named)
