"""The load balancer's own counts, held against a verdict on traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from gocd.files import LONGEST_TEXT, open_regular
from gocd.json_text import read_json
from gocd.samples.measurement import Measurement
from gocd.samples.verdict import Criterion, went_wrong
from tasks.aws import balancer_lookup
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.metrics import MetricSource
from tasks.aws.traffic_counts import Count, complete_from, count_failures
from tasks.running.errors import Refused

NAME = "cloudwatch"


@dataclass(frozen=True)
class Counting:
    """A load balancer or target group that counts, and how a person called it.

    Args:
        source: Where its counts are, or why AWS does not tell.
    """

    called: str
    name: str
    source: MetricSource | AwsError


def find_counting(aws: Aws, names: Sequence[str]) -> list[Counting]:
    """Find the load balancers of these names, and where the counts are of each and of its target groups.

    What AWS counts for each target group is taken from there: what another of them loses is not ours.

    Raises:
        Refused: A name means nothing, or two things, or what it means counts nothing.
    """
    found: list[Counting] = []
    for called in names:
        try:
            for group in balancer_lookup.find_counting(aws, called):
                source = group.metrics()
                found.append(Counting(called, source.balancer or group.name, source.of_the_whole()))
                if source.group:
                    found.append(Counting(called, group.name, source.of_the_group()))
        except AwsError as error:
            found.append(Counting(called, called, error))
    # Of several groups, the load balancer is the same.
    return [each for number, each in enumerate(found) if each not in found[:number]]


def counted(
    aws: Aws,
    balancers: Sequence[Counting],
    since: datetime | None,
    measurement: Measurement | None,
    now: datetime,
) -> list[Criterion]:
    """Return a criterion for each of the load balancers' failure counts: it must be zero.

    CloudWatch that cannot be asked is a failed criterion. Where it has not all of the traffic's time, which
    is so for the first minutes after it, none so far is not none; that is said, and fails nothing.

    Args:
        since: From when to count; by default from the first sample.
        now: Until when.
    """
    first = measurement.first_at if measurement else None
    start = since or (datetime.fromtimestamp(first, timezone.utc) if first else now)
    end = now
    if measurement and measurement.seconds:
        end = datetime.fromtimestamp(measurement.seconds[-1].at, timezone.utc) + timedelta(seconds=1)
    criteria: list[Criterion] = []
    for each in balancers:
        try:
            if isinstance(each.source, AwsError):
                raise each.source
            criteria += [
                _criterion(each.name, count, end) for count in count_failures(aws, each.source, start, now)
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


def _criterion(balancer: str, count: Count, traffic_end: datetime) -> Criterion:
    limit = 0 if count.judged else None
    known = count.until is not None and count.until >= traffic_end
    if count.value is None:
        message = f"{balancer}: {count.name}: not known, CloudWatch has no traffic for that time yet"
        return Criterion(NAME, None, limit, None, "", True, message)
    if not known and not count.value and count.judged:
        message = f"{balancer}: {count.name}: {_so_far(count)}; judge again after "
        return Criterion(
            NAME, None, limit, None, "", True, f"{message}{complete_from(traffic_end):%H:%M} UTC"
        )
    message = f"{balancer}: {count.value:,} {count.name}"
    if not known:
        message += f" so far{_until(count)}"
    if not count.judged:
        return Criterion(NAME, None, None, count.value, "", True, f"{message}; not judged")
    return Criterion(NAME, None, 0, count.value, "", count.value == 0, f"{message}; at most 0 allowed")


def _so_far(count: Count) -> str:
    return f"none{_until(count)}, and CloudWatch has not all of the traffic's time yet"


def _until(count: Count) -> str:
    return f" until {count.until:%H:%M} UTC" if count.until else ""
