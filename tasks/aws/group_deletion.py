"""The end of an Auto Scaling group: emptied first, as its hooks and its load balancers want it.

Source: Amazon EC2 Auto Scaling API reference, DeleteAutoScalingGroup: without force it is refused while there
are instances or activities, and force does not wait for hooks.
"""

from collections.abc import Iterator

from tasks.aws.api import Aws
from tasks.aws.cloned_group import GroupEntry
from tasks.aws.errors import AwsError

# What it is refused with for a while.
BUSY = {"ResourceInUse", "ScalingActivityInProgress"}

ALL_DELETION = "prevent-all-deletion"
TERMINATING = "Terminate"


def hindrances(group: GroupEntry) -> Iterator[str]:
    """Yield what somebody has set so that a group, or a member of it, does not go, in words."""
    if group.protection == ALL_DELETION:
        yield f"{group.name} is protected from deletion"
    if TERMINATING in {each["ProcessName"] for each in group.entry["SuspendedProcesses"]}:
        yield f"{group.name} ends no instance while its process {TERMINATING} is suspended"
    for each in group.entry["Instances"]:
        if each.get("ProtectedFromScaleIn"):
            yield f"{each['InstanceId']} is protected from scale-in"
        if each["LifecycleState"] in ("Standby", "EnteringStandby"):
            yield f"{each['InstanceId']} is in Standby"


def empty(aws: Aws, group: GroupEntry) -> None:
    """Order all of its instances to go; safe to repeat."""
    name = group.name
    if group.entry.get("Status"):
        # Its deletion is under way.
        return
    if group.entry.get("WarmPoolConfiguration"):
        aws.call("autoscaling", "delete_warm_pool", name, AutoScalingGroupName=name, ForceDelete=True)
    if any(int(group.entry[size]) for size in ("MinSize", "MaxSize", "DesiredCapacity")):
        aws.call(
            "autoscaling",
            "update_auto_scaling_group",
            name,
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=0,
            DesiredCapacity=0,
        )


def deleted(aws: Aws, name: str) -> bool:
    """Order the deletion of a group without instances; whether AWS took it."""
    try:
        aws.call("autoscaling", "delete_auto_scaling_group", name, AutoScalingGroupName=name)
    except AwsError as error:
        if error.code in BUSY:
            return False
        raise
    return True
