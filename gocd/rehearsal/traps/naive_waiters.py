"""A new version onto one server with boto3, which waits for each change as its waiters do.

    python3 naive_waiters.py SERVER

The environment is that of ``naive_sleeps.sh``; ``WAITER_DELAY`` is the time between two looks of a waiter,
15 seconds if nobody divides AWS's waits.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import boto3

LOOKED_UP, GROUP, TARGET_GROUP = os.environ["LOOK_UP"], os.environ["GROUP"], os.environ["TARGET_GROUP"]
OFTEN = {"Delay": float(os.environ["WAITER_DELAY"]), "MaxAttempts": 40}


def main(server: str) -> None:
    """Take *server* out, deploy to it, and put it back."""
    elbv2, ssm, autoscaling = (boto3.client(name) for name in ("elbv2", "ssm", "autoscaling"))
    found = boto3.client("ec2").describe_instances(
        Filters=[
            {"Name": LOOKED_UP, "Values": [server]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
    )
    instance = found["Reservations"][0]["Instances"][0]["InstanceId"]
    target = {"Id": server if LOOKED_UP == "private-ip-address" else instance}
    group = {"AutoScalingGroupName": GROUP, "InstanceIds": [instance]}
    where = {"TargetGroupArn": TARGET_GROUP, "Targets": [target]}

    if GROUP:
        autoscaling.enter_standby(**group, ShouldDecrementDesiredCapacity=True)
    else:
        elbv2.deregister_targets(**where)
    elbv2.get_waiter("target_deregistered").wait(**where, WaiterConfig=OFTEN)

    parameters = json.loads(Path(os.environ["DEPLOY"]).read_text(encoding="utf-8"))
    sent = ssm.send_command(DocumentName="AWS-RunShellScript", InstanceIds=[instance], Parameters=parameters)
    # Asked at once, Systems Manager does not know of it yet.
    time.sleep(1)
    ssm.get_waiter("command_executed").wait(
        CommandId=sent["Command"]["CommandId"], InstanceId=instance, WaiterConfig=OFTEN
    )

    if GROUP:
        autoscaling.exit_standby(**group)
    else:
        elbv2.register_targets(**where)
    elbv2.get_waiter("target_in_service").wait(**where, WaiterConfig=OFTEN)


if __name__ == "__main__":
    main(sys.argv[1])
