"""Which IAM actions each command uses; a test holds this against the calls they really make."""

from enum import Enum


class Scope(Enum):
    """What a statement of a policy can be narrowed to."""

    EVERYTHING = "Look"
    INSTANCES = "RememberOnTheInstance"
    LOAD_BALANCERS = "TakeOutAndPutBack"
    RUN_COMMAND = "RunTheInstallation"
    CODE_DEPLOY = "DeployThroughCodeDeploy"
    BUCKET = "PassTheRelease"
    UPGRADE_FUNCTION = "StartTheUpgrade"
    UPGRADE_PARAMETERS = "ReadOfUpgrades"


FIND = {"ec2:DescribeInstances"}
LOOK = FIND | {
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
}
PUT_BACK = {
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    "elasticloadbalancing:RegisterTargets",
}
TAKE_OUT = {
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
    "elasticloadbalancing:DeregisterTargets",
}

# The last three are no calls of ours: CodeDeploy asks for them while it creates a deployment.
CODE_DEPLOY = {
    "codedeploy:BatchGetDeployments",
    "codedeploy:CreateDeployment",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentGroup",
    "codedeploy:ListDeployments",
    "codedeploy:GetApplicationRevision",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:RegisterApplicationRevision",
}

WATCH = {
    "codedeploy:BatchGetDeploymentTargets",
    "codedeploy:ListDeploymentTargets",
    "codedeploy:StopDeployment",
}

ACTIONS: dict[str, dict[Scope, set[str]]] = {
    # A detach that may not go on puts the instance back, so it needs both.
    "detach-instance": {
        Scope.EVERYTHING: LOOK,
        Scope.INSTANCES: {"ec2:CreateTags", "ec2:DeleteTags"},
        Scope.LOAD_BALANCERS: TAKE_OUT | PUT_BACK,
    },
    "attach-instance": {
        Scope.EVERYTHING: LOOK,
        Scope.INSTANCES: {"ec2:DeleteTags"},
        Scope.LOAD_BALANCERS: PUT_BACK,
    },
    "deploy-artifact": {
        Scope.EVERYTHING: FIND
        | {
            "codedeploy:BatchGetDeploymentTargets",
            "codedeploy:StopDeployment",
            "ssm:CancelCommand",
            "ssm:DescribeInstanceInformation",
            "ssm:GetCommandInvocation",
            "ssm:ListCommands",
        },
        Scope.RUN_COMMAND: {"ssm:SendCommand"},
        Scope.CODE_DEPLOY: CODE_DEPLOY,
        Scope.BUCKET: {"s3:AbortMultipartUpload", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
    },
    "upgrade-herd": {
        Scope.EVERYTHING: WATCH,
        Scope.CODE_DEPLOY: {
            "codedeploy:BatchGetDeployments",
            "codedeploy:GetDeployment",
            "codedeploy:ListDeployments",
        },
        Scope.UPGRADE_FUNCTION: {"lambda:InvokeFunction"},
        Scope.UPGRADE_PARAMETERS: {"ssm:GetParameters"},
    },
    "watch-deployment": {Scope.EVERYTHING: WATCH, Scope.CODE_DEPLOY: {"codedeploy:GetDeployment"}},
    "verify-traffic": {
        Scope.EVERYTHING: {
            "cloudwatch:GetMetricData",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTargetGroups",
        }
    },
    "check-status": {Scope.EVERYTHING: FIND},
    "sleep-settle": {Scope.EVERYTHING: FIND},
}
