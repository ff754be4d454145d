"""Whether Route 53 will take what is going to be written."""

from collections.abc import Iterable

from tasks.aws.protected_records import protected
from tasks.aws.record_sets import Records, RecordSet
from tasks.running.errors import Refused


def check_changeable(records: Records, written: Iterable[RecordSet]) -> None:
    """See that nothing holds those record sets as they are.

    Raises:
        Refused: Something does.
    """
    title, kept = records.name.rstrip("."), protected(records)
    sets = list(written)
    for kind in dict.fromkeys(str(each["Type"]) for each in sets):
        if (comment := kept.get(kind)) is not None:
            raise Refused(
                f"{title} {kind} is protected from changes{f' ({comment})' if comment else ''}",
                "If the change is meant, delete its protection first: aws route53 "
                "delete-resource-record-set-protections",
            )
    for check in dict.fromkeys(each["HealthCheckId"] for each in sets if each.get("HealthCheckId")):
        # There has to be one, be it failing: what is written has it as well.
        records.fails(str(check))
