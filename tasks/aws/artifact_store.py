"""The S3 bucket that a release passes through on its way to an instance."""

from pathlib import Path

from tasks.aws.connect import Aws
from tasks.aws.errors import AwsError, aws_errors

# Seconds. Long enough for a slow instance, short enough that a link in a log is soon worthless.
LINK_LIFETIME = 3600


class ArtifactStore:
    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket

    def has(self, key: str, sha256: str) -> bool:
        """Whether *key* is there with these contents, as an earlier run of the same stage left it."""
        try:
            head = self._aws.call("s3", "head_object", self._bucket, Bucket=self._bucket, Key=key)
        except AwsError as error:
            # Without s3:ListBucket, S3 answers 403 for what is not there.
            if error.code in ("404", "NoSuchKey", "NotFound", "403"):
                return False
            raise
        return bool(head.get("Metadata", {}).get("sha256") == sha256)

    def put(self, key: str, file: Path, sha256: str) -> None:
        """Upload *file* in parts, with its SHA-256 beside it; S3 checks what it receives."""
        from boto3.s3.transfer import TransferConfig, create_transfer_manager  # noqa: PLC0415

        client = self._aws.client("s3", "put_object")
        extra = {"Metadata": {"sha256": sha256}, "ChecksumAlgorithm": "SHA256"}
        with aws_errors("s3", "PutObject", self._bucket):
            with create_transfer_manager(client, TransferConfig(max_concurrency=4)) as transfers:
                transfers.upload(str(file), self._bucket, key, extra_args=extra).result()
            client.put_object(
                Bucket=self._bucket, Key=f"{key}.sha256", Body=f"{sha256}  {file.name}\n".encode()
            )

    def link(self, key: str) -> str:
        """Return a link that fetches *key* without credentials for an hour; a secret until then."""
        client = self._aws.client("s3", "get_object")
        with aws_errors("s3", "GetObject", self._bucket):
            return str(
                client.generate_presigned_url(
                    "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=LINK_LIFETIME
                )
            )
