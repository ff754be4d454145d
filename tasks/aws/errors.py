"""AWS's failures in our words; the only place that knows botocore's exceptions and error codes."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from gocd.deadline import Late
from tasks.aws.foreign_answer import NotOfAws
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
# Throttling that botocore's own lists do not have (elb model: DependencyThrottle).
THROTTLED = {"DependencyThrottle"}

# What a policy calls a service, where botocore calls it otherwise.
IAM_PREFIX = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}

# And a call, where the service calls it otherwise.
IAM_ACTION = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
}

# Calls that botocore makes by itself before the one that is asked for, to have credentials for it.
FOR_CREDENTIALS = {
    "AssumeRole": "sts:AssumeRole",
    "AssumeRoleWithSAML": "sts:AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity": "sts:AssumeRoleWithWebIdentity",
    "GetRoleCredentials": "sso:GetRoleCredentials",
}

# What botocore's parsers end in, beside their own error, where an answer is well-formed and not AWS's: a
# number that is none, a date after the last one, a text for a list, a body nested thousands deep.
UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RuntimeError)

LOOK_AROUND = "Check the network, HTTPS_PROXY, NO_PROXY and AWS_ENDPOINT_URL, then run the command again"


NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class AwsError(TaskError):
    """AWS said no, or could not be asked.

    Args:
        code: AWS's error code, empty if there was no answer of AWS's.
        passing: Whether the same call may well succeed later (throttled, unwell, unreachable).
        throttled: Whether AWS asked to come back later, and has done nothing.
        unwell: Whether AWS, or what is before it, answered that it has failed; what it did is not known.
        unread: Whether an answer came that nobody can read; what AWS did is not known.
        headers: Those of AWS's answer, their names in lower case.

    Attributes:
        refusal: Whether AWS certainly did nothing of what was asked.
    """

    def __init__(
        self,
        what: str,
        *,
        code: str = "",
        passing: bool = False,
        throttled: bool = False,
        unwell: bool = False,
        unread: bool = False,
        headers: Mapping[str, str] = NO_HEADERS,
        advice: str | None = None,
    ) -> None:
        super().__init__(what, advice)
        self.code = code
        self.throttled = throttled
        self.unwell = unwell
        self.unread = unread
        self.headers = headers
        self.passing = passing or throttled or unwell or unread
        self.refusal = bool(code) and not self.passing


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
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    action = iam_action(service, operation)
    try:
        yield
    except boto.ClientError as error:
        raise _answered(error, action, subject) from None
    except NotOfAws as answer:
        raise AwsError(
            f"something between here and AWS answered {action} with {answer}",
            passing=True,
            unwell=answer.status >= 500,
            unread=answer.status < 300,
            advice=LOOK_AROUND,
        ) from None
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
    except (boto.HTTPClientError, boto.ConnectionError, Late) as error:
        raise AwsError(
            f"AWS cannot be reached for {action}: {_one_line(error)}",
            passing=True,
            advice=LOOK_AROUND,
        ) from None
    except boto.ParamValidationError as error:
        raise Refused(f"{action} cannot be asked: {_one_line(error)}") from None
    except UnicodeEncodeError as error:
        # A name that came with bytes which are no characters.
        raise Refused(f"{action} cannot be asked: {error.object!r} is not text in UTF-8") from None
    except OSError as error:
        # A file that the settings name, such as AWS_WEB_IDENTITY_TOKEN_FILE, or a program of theirs.
        where = f"{error.filename}: {error.strerror}" if error.filename else _one_line(error)
        raise NotConfigured(f"what {action} needs here cannot be read ({where})") from None
    except (boto.BotoCoreError, ResponseParserError, *UNREADABLE) as error:
        what = f"AWS's answer to {action} could not be read: {_one_line(error) or type(error).__name__}"
        raise AwsError(what, unread=True, advice=LOOK_AROUND) from None


@contextmanager
def usable_settings() -> Iterator[None]:
    """Have what botocore raises for a setting, such as an AWS_ENDPOINT_URL that is no URL, name it as one.

    Only where nothing is asked of AWS: a ValueError from there is an answer's.
    """
    from botocore import exceptions as boto  # noqa: PLC0415

    try:
        yield
    except (
        boto.HTTPClientError,
        boto.ConnectionError,
        boto.NoRegionError,
        boto.NoCredentialsError,
        boto.PartialCredentialsError,
    ):
        # Each has better words (``aws_errors``).
        raise
    except (boto.BotoCoreError, ValueError, OSError) as error:
        raise NotConfigured(f"AWS settings cannot be used: {_one_line(error)}") from None


def iam_action(service: str, operation: str) -> str:
    """Return what a policy calls an *operation* of one of botocore's services."""
    action = f"{IAM_PREFIX.get(service, service)}:{operation}"
    return IAM_ACTION.get(action, action)


def incomplete(action: str, key: str) -> AwsError:
    """Return the error for an answer that is none, as it lacks what AWS always tells."""
    what = f"the answer to {action} tells no {key}: something between here and AWS may have changed it"
    return AwsError(what, passing=True, advice=LOOK_AROUND)


def senseless(action: str, key: str, value: object) -> AwsError:
    """Return the error for an answer whose *key* is what AWS never tells there."""
    what = f"the answer to {action} tells {clipped(repr(value))} as {key}, which it cannot be"
    return AwsError(what, passing=True, advice=LOOK_AROUND)


def _answered(error: Any, action: str, subject: str) -> AwsError:
    from botocore.retries import standard  # noqa: PLC0415

    told = error.response.get("Error", {})
    code, message = str(told.get("Code", "")), _one_line(told.get("Message", ""))
    if error.operation_name in FOR_CREDENTIALS:
        action, subject = FOR_CREDENTIALS[error.operation_name], ""
        if code in DENIED:
            what = f"AWS refused {action}, which these credentials need ({code}: {message})"
            advice = "Let the agent assume the role, in its own policy and in the role's trust policy"
            return NotConfigured(what, code=code, advice=advice)
    on = f" on {subject}" if subject else ""
    if code in DENIED:
        return Denied(f"AWS refused {action}{on} ({code})", code=code)
    if code in BAD_CREDENTIALS:
        return NotConfigured(f"AWS does not accept these credentials ({code})", code=code)
    answer = error.response.get("ResponseMetadata", {})
    status = int(answer.get("HTTPStatusCode", 0))
    asked = standard.RetryContext(attempt_number=1, parsed_response=error.response)
    throttled = status == 429 or code in THROTTLED or standard.ThrottledRetryableChecker().is_retryable(asked)
    unwell = status >= 500 and not throttled
    transient = standard.TransientRetryableChecker().is_retryable(asked)
    verb = "failed at" if unwell else "refused"
    return AwsError(
        f"AWS {verb} {action}{on} ({code}: {message})",
        code=code,
        passing=transient,
        throttled=throttled,
        unwell=unwell,
        headers=answer.get("HTTPHeaders", NO_HEADERS),
    )


def _one_line(text: object) -> str:
    return clipped(" ".join(str(text).split()).rstrip("."))
