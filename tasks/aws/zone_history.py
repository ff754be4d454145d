"""Who has changed a hosted zone, where it keeps that.

Source: Route 53 API reference, ListHostedZoneChangeBatches (newest first; FeatureNotEnabled where none are
kept).
"""

from tasks.aws.errors import AwsError
from tasks.aws.record_sets import COMMENT, Records


def last_by_others(records: Records) -> str:
    """Tell who has changed it last, beside us, and when; empty if nobody knows."""
    operation = "list_hosted_zone_change_batches"
    if not records.aws.has("route53", operation):
        return ""
    try:
        told = records.aws.call("route53", operation, HostedZoneId=records.zone.id, MaxResults="10")
    except AwsError:
        return ""
    for each in told["ChangeBatchSummaries"]:
        if each.get("Comment") != COMMENT and (who := each.get("SubmittedBy")):
            comment = f" ({each['Comment']})" if each.get("Comment") else ""
            return f"{who} at {each['SubmittedAt']:%H:%M:%S} UTC{comment}"
    return ""
