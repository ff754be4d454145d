"""What an Auto Scaling group has tried to do, and why that failed."""

from tasks.aws.api import Aws


def latest_failure(aws: Aws, group: str) -> str:
    """Return why the latest launch or termination failed, in AWS's words; empty if it did not.

    The newest activity comes first (API reference, DescribeScalingActivities).
    """
    told = aws.call("autoscaling", "describe_scaling_activities", group, AutoScalingGroupName=group)
    newest = next(iter(told["Activities"]), None)
    if newest is None or newest["StatusCode"] != "Failed":
        return ""
    return str(newest.get("StatusMessage", newest.get("Description", "")))
