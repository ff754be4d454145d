"""Records that nobody may change until their protection is deleted.

Source: Route 53 API reference, ListResourceRecordSetProtections (from a name on), ChangeResourceRecordSets (a
batch that touches one is refused whole).
"""

from tasks.aws.errors import AwsError
from tasks.aws.record_sets import Records, plain


def protected(records: Records) -> dict[str, str]:
    """Return the types of a name that are protected, each with the comment to that.

    Where it is not told, there are none to be seen: Route 53 then says so when something is written.
    """
    aws = records.aws
    if not aws.has("route53", "list_resource_record_set_protections"):
        return {}
    try:
        told = aws.pages(
            "route53",
            "list_resource_record_set_protections",
            "ResourceRecordSetProtections",
            HostedZoneId=records.zone.id,
            StartRecordName=records.name,
        )
    except AwsError as error:
        if error.passing:
            raise
        return {}
    return {
        str(each["RecordType"]): str(each.get("Comment") or "")
        for each in told
        if plain(each["RecordName"]) == records.name
    }
