"""The one way to AWS: a session, clients made when needed, retries, and a count of the calls."""

import os
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gocd.deadline import within
from tasks.aws.answer import Answer
from tasks.aws.errors import AwsError, aws_errors, iam_action, usable_settings
from tasks.aws.foreign_answer import expect_aws
from tasks.running.clock import Clock
from tasks.running.errors import Refused

Value = TypeVar("Value")

# Seconds, for one read of an answer each. A lost packet should not hold up a deployment for botocore's usual
# minute.
CONNECT_TIMEOUT, READ_TIMEOUT = 5, 30

# Seconds for one call with botocore's own tries of it, however slowly an answer comes in.
LONGEST_CALL = 60.0

# Bytes a second of what is sent or fetched at length; slower, it stands still.
SLOWEST = 100_000

# A function may take 15 minutes to answer (Lambda developer guide, quotas), with not a byte before that.
READ_TIMEOUTS = {"invoke": 910}

# Tries that botocore makes of one call on its own, quickly; for what it may repeat without asking.
TRIES = 3

# Rounds of these, slower and said aloud, while AWS throttles or fails. At half of all requests throttled,
# five rounds of a look fail once in 30,000 calls; a change gets one less, as AWS is slower to forgive those.
LOOK_ROUNDS, CHANGE_ROUNDS, LONGEST_PAUSE = 5, 4, 20.0

# Rounds while what answers cannot be read: once more, as time hardly heals what spoils it.
UNREAD_ROUNDS = 2

# A pipeline declares what a trigger may set, and botocore takes what is empty for a region or a profile.
EMPTY_IS_ABSENT = ("AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")

# Repeating these would do the thing twice; the caller looks for the first before it sends a second.
ONCE_ONLY = {"send_command", "invoke", "create_deployment"}


class Aws:
    """AWS as this process's settings reach it (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, ...).

    Args:
        say: Told when AWS throttles so much that it is worth a line.
        patience: Seconds for one call, for those that usually take moments.

    Attributes:
        calls: Requests sent so far, repeats included.
    """

    def __init__(self, clock: Clock, say: Callable[[str], None], patience: float = LONGEST_CALL) -> None:
        self.calls = 0
        self._clock = clock
        self._say = say
        self._patience = patience
        self._session: Any = None
        self._clients: dict[tuple[str, int, int], Any] = {}
        # Clients may be used by several threads at once, but not made by them (botocore, Session).
        self._making = threading.Lock()

    def call(self, service: str, operation: str, subject: str = "", **parameters: Any) -> Mapping[str, Any]:
        """Make one call, repeated while AWS throttles it or fails, unless that could do it twice.

        Args:
            operation: In botocore's spelling, for example ``describe_target_health``.
            subject: What the call is about, named in the message if AWS refuses.

        Raises:
            AwsError: In our words, with the IAM action where permission is missing.
        """
        client, name = self.client(service, operation), _camel(operation)
        rounds = 1 if operation in ONCE_ONLY else LOOK_ROUNDS if _only_looks(operation) else CHANGE_ROUNDS

        def ask() -> Answer:
            with aws_errors(service, name, subject):
                told = self.in_time(lambda: getattr(client, operation)(**parameters), operation)
            model = client.meta.service_model.operation_model(name)
            return Answer(iam_action(service, name), model.output_shape, told)

        return self.in_rounds(name, ask, rounds)

    def in_rounds(self, name: str, ask: Callable[[], Value], rounds: int = CHANGE_ROUNDS) -> Value:
        """Return what *ask* returns, asked again while AWS throttles it, fails, or cannot be read.

        Args:
            name: What is asked, as AWS calls it.

        Raises:
            AwsError: As the last round did.
        """
        for again in range(1, rounds + 1):
            try:
                return ask()
            except AwsError as error:
                rounds = min(rounds, UNREAD_ROUNDS) if error.unread else rounds
                if not (error.throttled or error.unwell or error.unread) or again >= rounds:
                    raise
                # Full jitter: many agents that were throttled together must not come back together.
                pause = random.uniform(0, min(2.0**again, LONGEST_PAUSE))  # noqa: S311
                trouble = f"AWS throttles {name}" if error.throttled else error.what
                self._say(f"{trouble}; asking again in {pause:.0f} s")
                self._clock.sleep(pause)
        raise AssertionError("the last round returns or raises")

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        """Return every item under *key*, over all pages of the answer."""
        from botocore.paginate import Paginator  # noqa: PLC0415

        # Each page is asked for again by itself: a list may have more of them than AWS has patience for.
        def page(**which: Any) -> Mapping[str, Any]:
            return self.call(service, operation, **which)

        name = _camel(operation)
        model = self.client(service, operation).meta.service_model.operation_model(name)
        with aws_errors(service, name):
            how = self._open().get_paginator_model(service).get_paginator(name)
            return [item for each in Paginator(page, how, model).paginate(**parameters) for item in each[key]]

    def has(self, service: str, operation: str) -> bool:
        """Whether the service's model, as it is installed here, knows *operation*."""
        names = self.client(service, operation).meta.service_model.operation_names
        return _camel(operation) in names

    def takes(self, service: str, operation: str) -> set[str]:
        """Return the names of all that *operation* can be told, as the service's model has them."""
        model = self.client(service, operation).meta.service_model.operation_model(_camel(operation))
        return set(model.input_shape.members)

    def in_time(self, ask: Callable[[], Value], operation: str = "", size: int = 0) -> Value:
        """Return what *ask* returns, which waits for AWS.

        Args:
            operation: The call, where it is one that may take long.
            size: Bytes that pass.

        Raises:
            Late: It has not come to its end in the time for that.
        """
        longer = READ_TIMEOUTS.get(operation, READ_TIMEOUT) - READ_TIMEOUT
        return within(self._patience + longer + size / SLOWEST, ask)

    def client(self, service: str, operation: str) -> Any:
        """Return the client for *operation*, with the number of tries that is safe for it."""
        tries = 1 if operation in ONCE_ONLY else TRIES
        patience = READ_TIMEOUTS.get(operation, READ_TIMEOUT)
        kind = (service, tries, patience)
        with self._making, aws_errors(service, _camel(operation)), usable_settings():
            if kind not in self._clients:
                self._clients[kind] = self._make(service, tries, patience)
        return self._clients[kind]

    def _make(self, service: str, tries: int, patience: int) -> Any:
        from botocore.config import Config  # noqa: PLC0415

        settings = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=patience,
            tcp_keepalive=patience > READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": tries},
            user_agent_extra="gocd-tasks",
        )
        return self._open().create_client(service, config=settings)

    def signer(self, region: str, lasting: float) -> Any:
        """Return S3's client whose links are signed for *region*, and lead to that region's own host.

        Where AWS_ENDPOINT_URL and the like lead elsewhere, the links do as well. Credentials that do not
        last for so many seconds are asked for anew first.
        """
        from botocore.config import Config  # noqa: PLC0415

        # Regions opened since 2014 take no older signature, and nor does any for what a KMS key encrypts; the
        # host of all regions redirects, which a link cannot follow (Amazon S3 user guide, Virtual hosting).
        signed = {"region_name": region, "service_name": "s3"}
        regional = {"us_east_1_regional_endpoint": "regional"}
        own = Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual", **regional},
            ignore_configured_endpoint_urls=True,
        )
        with self._making, aws_errors("s3", "GetObject"), usable_settings():
            if not self._last(lasting):
                # A new session asks for new credentials; those that a role gives are for its full time again.
                self._session = None
            session = self._open()
            at_aws = session.create_client(config=own, **signed)
            as_set = session.create_client(config=Config(signature_version="s3v4", s3=regional), **signed)
        return at_aws if at_aws.meta.endpoint_url == as_set.meta.endpoint_url else as_set

    def credentials_last(self, seconds: float) -> bool:
        """Whether the credentials are good for so long; a session's are not if it does not say."""
        with self._making, aws_errors("sts", "GetSessionToken"), usable_settings():
            return self._last(seconds)

    def _last(self, seconds: float) -> bool:
        return self.in_time(lambda: self._would_last(seconds))

    def _would_last(self, seconds: float) -> bool:
        credentials = self._open().get_credentials()
        if credentials is None:
            return False
        if ends := getattr(credentials, "refresh_needed", None):
            credentials.get_frozen_credentials()
            return not ends(refresh_in=seconds)
        return not credentials.token

    @property
    def region(self) -> str:
        with usable_settings():
            return str(self._open().get_config_variable("region") or "no region")

    def partition(self, region: str | None = None) -> str:
        """Return the partition of AWS that a region is in; by default the one that the settings name, if any.

        Raises:
            Refused: There is no such region.
        """
        from botocore.exceptions import UnknownRegionError  # noqa: PLC0415

        with usable_settings():
            session = self._open()
            named = region or session.get_config_variable("region")
            try:
                return str(session.get_partition_for_region(named)) if named else "aws"
            except UnknownRegionError:
                raise Refused(f"AWS has no region {named}") from None

    def _open(self) -> Any:
        if self._session is None:
            # boto3's own session adds nothing here but 20 ms at every start.
            from botocore.handlers import json_decode_template_body  # noqa: PLC0415
            from botocore.session import Session  # noqa: PLC0415

            from tasks.aws.connections import have_them_heed  # noqa: PLC0415

            for name in EMPTY_IS_ABSENT:
                if not os.environ.get(name):
                    os.environ.pop(name, None)
            self._session = Session()
            # Every other SDK reads AWS_REGION; botocore itself knows AWS_DEFAULT_REGION only.
            if region := os.environ.get("AWS_REGION"):
                self._session.set_config_variable("region", region)
            self._session.register("before-send", self._count)
            self._session.register("before-parse", expect_aws)
            # botocore reads a template that is JSON, where the model promises the text as it is.
            self._session.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
            have_them_heed()
        return self._session

    def _count(self, **_: Any) -> None:
        self.calls += 1


def _only_looks(operation: str) -> bool:
    return operation.startswith(("describe_", "get_", "head_", "list_"))


def _camel(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))
