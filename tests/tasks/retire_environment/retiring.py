"""What the tests of retirements have: blue beside green behind one load balancer, and nobody led to blue."""

from datetime import datetime, timedelta, timezone
from typing import Any

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import blue_group, target_group

RULE = "HTTP:80 of blue-lb"


def share(cloud: World, front: LoadBalancer, **weights: int) -> None:
    """Have the listener of blue's load balancer share by these weights, by target groups' names."""
    elb = cloud.client("elbv2")
    [listener] = elb.describe_listeners(LoadBalancerArn=front.load_balancer_arn)["Listeners"]
    groups = [
        {"TargetGroupArn": target_group(cloud, name)["TargetGroupArn"], "Weight": weight}
        for name, weight in weights.items()
    ]
    elb.modify_listener(
        ListenerArn=listener["ListenerArn"],
        DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
    )


def shares(cloud: World, front: LoadBalancer) -> dict[str, int]:
    """Give the weights by target groups' names."""
    [listener] = cloud.client("elbv2").describe_listeners(LoadBalancerArn=front.load_balancer_arn)[
        "Listeners"
    ]
    told = listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
    return {each["TargetGroupArn"].split("/")[1]: int(each["Weight"]) for each in told}


def count_requests(cloud: World, front: LoadBalancer, *, ago: float) -> None:
    """Have CloudWatch count some requests of blue, so many minutes ago."""
    dimensions = [
        {"Name": "LoadBalancer", "Value": front.load_balancer_arn.partition(":loadbalancer/")[2]},
        {"Name": "TargetGroup", "Value": front.arn.rpartition(":")[2]},
    ]
    moment = datetime.now(timezone.utc) - timedelta(minutes=ago)
    figure = {"MetricName": "RequestCount", "Dimensions": dimensions, "Timestamp": moment, "Value": 9}
    cloud.client("cloudwatch").put_metric_data(Namespace="AWS/ApplicationELB", MetricData=[figure])


def cloned(cloud: World, gocd_tasks: CommandLine, sample: Service, **more: Any) -> LoadBalancer:
    """Blue, and green as its clone, at weight 0 beside it; gives blue's load balancer."""
    front = blue_group(cloud, sample, **more)
    done = gocd_tasks("clone-environment", "blue", "--name", "green")
    assert done.returncode == 0, done.stderr
    return front
