"""How many calls a look takes, on the stand-in AWS."""

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.locking.owner import Owner
from tasks.looking.look import Look
from tasks.looking.picture import Picture
from tasks.looking.subjects import Finder, Subjects
from tasks.looking.words import STEPS, lines
from tasks.running.clock import SystemClock

HERE = Owner.here({})


def looked(aws: Aws, *names: str) -> Picture:
    """The second look of two, which knows the settings already."""
    subjects = Subjects(everything=not names)
    finder = Finder(aws, subjects)
    for name in names:
        finder.find(name)
    finder.find_around()
    look = Look(subjects, aws, SystemClock(), HERE)
    look.take()
    return look.take()


def launched(cloud: World, count: int) -> list[dict[str, str]]:
    """So many instances on which nothing runs."""
    subnet = cloud.network.subnet("eu-west-1a")
    run = {"ImageId": "ami-12c6146b", "SubnetId": subnet, "MinCount": count, "MaxCount": count}
    return [{"Id": each["InstanceId"]} for each in cloud.client("ec2").run_instances(**run)["Instances"]]


def test_calls_and_lines_grow_with_load_balancers_and_not_with_instances(cloud: World, aws: Aws) -> None:
    """Of each: health, lock, listeners, rules and switches; of all instances who they are, and who is out."""
    one = cloud.target_group("one")
    targets = launched(cloud, 60)
    elbv2 = cloud.client("elbv2")
    elbv2.register_targets(TargetGroupArn=one.arn, Targets=targets[:1])
    few = looked(aws, "one")
    elbv2.register_targets(TargetGroupArn=one.arn, Targets=targets)
    many = looked(aws, "one")
    two = cloud.target_group("two")
    elbv2.register_targets(TargetGroupArn=two.arn, Targets=targets[:1])
    both = looked(aws, "one", "two")

    assert (few.calls, many.calls, both.calls) == (7, 7, 7 + 5)
    assert len(many.machines) == len(both.machines) == 60
    seen = lines(many, HERE)
    assert len(seen) <= 4 + STEPS
    # Those of which the same is to be told are told together, whatever that is at the moment.
    assert [line for line in seen if line.endswith(" more") and " instances: " in line]
