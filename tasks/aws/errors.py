"""AWS's failures in our words; the only place that knows botocore's exceptions and error codes."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tasks.running.errors import Refused, TaskError
from tasks.running.quoting import clipped

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess"}
BAD_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
THROTTLED = {
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
}
PASSING = THROTTLED | {
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "ServiceException",
    "ServiceUnavailable",
}

# What a policy calls a service, where botocore calls it otherwise.
IAM_PREFIX = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}

# And a call, where the service calls it otherwise.
IAM_ACTION = {"lambda:Invoke": "lambda:InvokeFunction"}


class AwsError(TaskError):
    """AWS said no, or could not be asked.

    Args:
        code: AWS's error code, empty if there was no answer.
        passing: Whether the same call may well succeed later (throttled, unreachable).

    Attributes:
        throttled: Whether AWS asked to come back later.
        refusal: Whether AWS certainly did nothing of what was asked.
    """

    def __init__(
        self, what: str, *, code: str = "", passing: bool = False, advice: str | None = None
    ) -> None:
        super().__init__(what, advice)
        self.code = code
        self.passing = passing
        self.throttled = code in THROTTLED
        self.refusal = bool(code) and not passing


class Denied(AwsError, Refused):
    """The caller's policy lacks an action."""


class NotConfigured(AwsError, Refused):
    """No region, no credentials, or credentials that AWS does not accept."""


@contextmanager
def refused(codes: Collection[str], kind: type[AwsError]) -> Iterator[None]:
    """Raise what AWS refuses with one of these *codes* as an error of that *kind*, in the same words."""
    try:
        yield
    except AwsError as error:
        if error.code in codes and not isinstance(error, kind):
            raise kind(error.what, code=error.code, advice=error.advice) from None
        raise


@contextmanager
def aws_errors(service: str, operation: str, subject: str = "") -> Iterator[None]:
    """Turn whatever botocore raises inside into one of our errors.

    Args:
        operation: AWS's name of the call, for example ``DeregisterTargets``.
        subject: What the call is about, for example a load balancer's name.
    """
    # Importing botocore is most of a command's start-up; by now the command needs it anyway.
    from botocore import exceptions as boto  # noqa: PLC0415

    action = f"{IAM_PREFIX.get(service, service)}:{operation}"
    action = IAM_ACTION.get(action, action)
    try:
        yield
    except boto.ClientError as error:
        raise _answered(error.response.get("Error", {}), action, subject) from None
    except boto.NoRegionError:
        raise NotConfigured("no AWS region is set", advice="Set AWS_REGION, for example eu-west-1") from None
    except (boto.NoCredentialsError, boto.PartialCredentialsError):
        raise NotConfigured(
            "no AWS credentials were found",
            advice="Give the agent an instance role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID",
        ) from None
    except (
        boto.CredentialRetrievalError,
        boto.InvalidConfigError,
        boto.ProfileNotFound,
        boto.ConfigParseError,
        boto.SSOError,
        boto.InvalidRegionError,
    ) as error:
        raise NotConfigured(f"AWS settings cannot be used: {_one_line(error)}") from None
    except (boto.HTTPClientError, boto.ConnectionError) as error:
        raise AwsError(
            f"AWS cannot be reached for {action}: {_one_line(error)}",
            passing=True,
            advice="Check the network, the proxy and AWS_ENDPOINT_URL, then run the command again",
        ) from None
    except boto.ParamValidationError as error:
        raise Refused(f"{action} cannot be asked: {_one_line(error)}") from None
    except UnicodeEncodeError as error:
        # A name that came with bytes which are no characters.
        raise Refused(f"{action} cannot be asked: {error.object!r} is not text in UTF-8") from None
    except ValueError as error:
        # What botocore raises for an AWS_ENDPOINT_URL that is no URL.
        raise NotConfigured(f"AWS settings cannot be used: {_one_line(error)}") from None
    except boto.BotoCoreError as error:
        raise AwsError(f"AWS's answer to {action} could not be read: {_one_line(error)}") from None


def _answered(error: Mapping[str, Any], action: str, subject: str) -> AwsError:
    code = str(error.get("Code", ""))
    on = f" on {subject}" if subject else ""
    if code in DENIED:
        return Denied(f"AWS refused {action}{on} ({code})", code=code)
    if code in BAD_CREDENTIALS:
        return NotConfigured(f"AWS does not accept these credentials ({code})", code=code)
    message = _one_line(error.get("Message", ""))
    return AwsError(f"AWS refused {action}{on} ({code}: {message})", code=code, passing=code in PASSING)


def _one_line(text: object) -> str:
    return clipped(" ".join(str(text).split()).rstrip("."))
