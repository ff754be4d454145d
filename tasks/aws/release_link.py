"""A link that fetches a release from S3 without credentials: for hosts that have none for the bucket."""

from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError, aws_errors

# Seconds. Long enough for a slow instance, short enough that a link in a log is soon worthless.
LIFETIME = 3600

# Seconds that a deployment may need it for; with credentials that end before, new ones are asked for.
NEEDED = 1800

# Minutes that are told of a link which ends before its time.
MINUTES = (45, 30, 15, 10, 5)

# S3's word for where a bucket is, in what it answers and in what it refuses (API reference, HeadBucket).
REGION = "x-amz-bucket-region"


@dataclass(frozen=True)
class ReleaseLink:
    """A secret for as long as it is good.

    Args:
        good_for: For people; a link ends with the credentials that signed it, where those end first.
    """

    url: str
    good_for: str


def release_link(aws: Aws, bucket: str, key: str, region: str) -> ReleaseLink:
    """Sign a link to *key* for the bucket's own *region*, which may be another than the instances'."""
    signer = aws.signer(region, NEEDED)
    with aws_errors("s3", "GetObject", bucket):
        url = signer.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=LIFETIME
        )
    return ReleaseLink(str(url), _good_for(aws))


def region_of(aws: Aws, bucket: str) -> str:
    """Return the region that a bucket is in, or this agent's own where nobody says."""
    try:
        answer = aws.call("s3", "head_bucket", bucket, Bucket=bucket)
        found = answer["ResponseMetadata"]["HTTPHeaders"].get(REGION)
    except AwsError as error:
        # Whoever may not list the bucket is told its region all the same.
        found = error.headers.get(REGION)
        if not found and not error.refusal:
            raise
    return str(found or aws.region)


def _good_for(aws: Aws) -> str:
    if aws.credentials_last(LIFETIME):
        return f"{LIFETIME // 60} min"
    known = next((minutes for minutes in MINUTES if aws.credentials_last(60 * minutes)), None)
    session = "as long as the session of this agent's credentials, an hour at most"
    return f"at least {known} min, until this agent's credentials end" if known else session
