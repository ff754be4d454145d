"""The load balancer's own counts, held against a verdict on traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from gocd.files import LONGEST_TEXT, open_regular
from gocd.json_text import read_json
from gocd.samples.measurement import Measurement
from gocd.samples.verdict import Criterion, went_wrong
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import find_load_balancer
from tasks.aws.errors import AwsError
from tasks.aws.metrics import MetricSource
from tasks.aws.traffic_counts import Count, count_failures
from tasks.running.errors import Refused

NAME = "cloudwatch"


@dataclass(frozen=True)
class Counting:
    """A load balancer that counts, as a person called it; *source* is why AWS does not tell where, if so."""

    called: str
    name: str
    source: MetricSource | AwsError


def find_counting(aws: Aws, names: Sequence[str]) -> list[Counting]:
    """Find the load balancers of these names, and where their counts are.

    Raises:
        Refused: A name means nothing, or two things, or what it means counts nothing.
    """
    found = []
    for called in names:
        try:
            balancer = find_load_balancer(aws, called)
            found.append(Counting(called, balancer.name, balancer.metrics()))
        except AwsError as error:
            found.append(Counting(called, called, error))
    return found


def counted(
    aws: Aws,
    balancers: Sequence[Counting],
    since: datetime | None,
    measurement: Measurement | None,
    now: datetime,
) -> list[Criterion]:
    """Return a criterion for each of the load balancers' failure counts: it must be zero.

    CloudWatch that cannot be asked is a failed criterion. Where it has no traffic at all for the time,
    which is so for the first minutes after it, nothing is known; that is said, and fails nothing.

    Args:
        since: From when to count; by default from the first sample.
        now: Until when.
    """
    first = measurement.first_at if measurement else None
    start = since or (datetime.fromtimestamp(first, timezone.utc) if first else now)
    criteria: list[Criterion] = []
    for each in balancers:
        try:
            if isinstance(each.source, AwsError):
                raise each.source
            criteria += [
                _criterion(each.name, count) for count in count_failures(aws, each.source, start, now)
            ]
        except AwsError as error:
            why = f"{each.called}: {error.what}; nothing is known of its own counts"
            criteria.append(went_wrong(NAME, why))
    return criteria


def read_since(text: str) -> datetime:
    """Read ``--since``: a time in ISO 8601, or an event file, which means its first event.

    Raises:
        Refused: It is neither.
    """
    try:
        if Path(text).is_file():
            with open_regular(Path(text)) as events:
                text = read_json(events.readline(LONGEST_TEXT))["time"]
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        raise Refused(
            f"--since takes a time such as 2026-01-31T12:00:00Z or an event file, not {text}"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _criterion(balancer: str, count: Count) -> Criterion:
    if count.value is None:
        message = f"{balancer}: {count.name}: not known, CloudWatch has no traffic for that time yet"
        return Criterion(NAME, None, 0, None, "", True, message)
    message = f"{balancer}: {count.value:,} {count.name}; at most 0 allowed"
    return Criterion(NAME, None, 0, count.value, "", count.value == 0, message)
