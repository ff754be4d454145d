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
    LOCKS = "LockDeployments"
    GROUPS = "SendMembersToStandby"
    POWER = "StopServersWithoutTheRelease"
    RECORDS = "LookForRecords"
    STACKS = "CloneStacks"
    CLONED_INSTANCES = "LaunchTheInstancesOfAClone"
    ALARMS = "CloneAlarms"
    LISTENERS = "LeadUsers"
    SWITCHES = "RememberTheFormerState"
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
LOOK_AT_RULES = {"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules"}
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

LOOK_AT_GROUPS = {"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances"}
LEAVE_STANDBY = {
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
    "autoscaling:ExitStandby",
    "autoscaling:ResumeProcesses",
    "autoscaling:UpdateAutoScalingGroup",
}
ENTER_STANDBY = {
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:EnterStandby",
    "autoscaling:SuspendProcesses",
    "autoscaling:UpdateAutoScalingGroup",
}
ASK_HOSTS = {
    "ssm:CancelCommand",
    "ssm:DescribeInstanceInformation",
    "ssm:GetCommandInvocation",
    "ssm:ListCommandInvocations",
    "ssm:ListCommands",
}

LOOK_AT_PARAMETERS = {"ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParametersByPath"}
LOCK = {"ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter"}

# What an environment consists of, where one is named in place of an instance or a target group.
MEMBERS = {
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLifecycleHooks",
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
}

# A detach that may not go on puts the instance back, so it needs both; --until-idle asks the instance.
DETACH: dict[Scope, set[str]] = {
    Scope.EVERYTHING: LOOK | LOOK_AT_GROUPS | {"autoscaling:DescribeInstanceRefreshes"} | ASK_HOSTS,
    Scope.INSTANCES: {"ec2:CreateTags", "ec2:DeleteTags"},
    Scope.LOAD_BALANCERS: TAKE_OUT | PUT_BACK,
    Scope.GROUPS: ENTER_STANDBY | LEAVE_STANDBY,
    Scope.RUN_COMMAND: {"ssm:SendCommand"},
    Scope.LOCKS: LOCK,
}
DEPLOY: dict[Scope, set[str]] = {
    Scope.EVERYTHING: LOOK
    | LOOK_AT_RULES
    | MEMBERS
    | ASK_HOSTS
    | {"codedeploy:BatchGetDeploymentTargets", "codedeploy:StopDeployment"},
    Scope.INSTANCES: {"ec2:CreateTags"},
    Scope.RUN_COMMAND: {"ssm:SendCommand"},
    Scope.CODE_DEPLOY: CODE_DEPLOY,
    Scope.BUCKET: {"s3:AbortMultipartUpload", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
    Scope.LOCKS: LOCK,
}
WATCH = {
    "codedeploy:BatchGetDeploymentTargets",
    "codedeploy:ListDeploymentTargets",
    "codedeploy:StopDeployment",
}
WATCHED = {"codedeploy:BatchGetDeployments", "codedeploy:GetDeployment", "codedeploy:ListDeployments"}

# What a group or stack is, and what it serves with.
ENVIRONMENT = FIND | {
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLifecycleHooks",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:GetTemplateSummary",
    "cloudformation:ListStackResources",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroups",
}
LOOK_TO_CLONE = ENVIRONMENT | {
    "cloudwatch:DescribeAlarms",
    "autoscaling:DescribeNotificationConfigurations",
    "autoscaling:DescribePolicies",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeScheduledActions",
    "cloudformation:GetStackPolicy",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetHealth",
}

# Auto Scaling asks for those of a group's tags, hooks and instances in the caller's name, CloudFormation for
# that of a stack's policy.
CLONE: dict[Scope, set[str]] = {
    Scope.EVERYTHING: LOOK_TO_CLONE,
    Scope.LOAD_BALANCERS: {
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
    },
    Scope.GROUPS: {
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteAutoScalingGroup",
        "autoscaling:EnableMetricsCollection",
        "autoscaling:PutLifecycleHook",
        "autoscaling:PutNotificationConfiguration",
        "autoscaling:PutScalingPolicy",
        "autoscaling:PutScheduledUpdateGroupAction",
        "autoscaling:PutWarmPool",
        "autoscaling:SuspendProcesses",
        "autoscaling:UpdateAutoScalingGroup",
    },
    Scope.STACKS: {
        "cloudformation:CreateStack",
        "cloudformation:SetStackPolicy",
        "cloudformation:UpdateTerminationProtection",
    },
    Scope.ALARMS: {"cloudwatch:PutMetricAlarm"},
    Scope.CLONED_INSTANCES: {"ec2:CreateTags", "ec2:RunInstances"},
    Scope.BUCKET: {"s3:AbortMultipartUpload", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
}

RETIRE: dict[Scope, set[str]] = {
    Scope.EVERYTHING: ENVIRONMENT
    | ASK_HOSTS
    | {
        "cloudformation:ListImports",
        "cloudformation:ListStacks",
        "cloudwatch:GetMetricData",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetHealth",
    },
    Scope.LOAD_BALANCERS: {"elasticloadbalancing:AddTags", "elasticloadbalancing:DeleteTargetGroup"},
    Scope.LISTENERS: {"elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"},
    Scope.GROUPS: {
        "autoscaling:DeleteAutoScalingGroup",
        "autoscaling:DeleteTags",
        "autoscaling:DeleteWarmPool",
        "autoscaling:UpdateAutoScalingGroup",
    },
    Scope.STACKS: {"cloudformation:DeleteStack"},
    Scope.LOCKS: LOCK,
    Scope.SWITCHES: LOOK_AT_PARAMETERS,
    Scope.RUN_COMMAND: {"ssm:SendCommand"},
    Scope.RECORDS: {"route53:ListHostedZones", "route53:ListResourceRecordSets"},
}

ACTIONS: dict[str, dict[Scope, set[str]]] = {
    "detach-instance": DETACH,
    # One that users are hurt by is taken out again.
    "attach-instance": DETACH,
    "deploy-artifact": DEPLOY,
    "rolling-deploy": {
        scope: DETACH.get(scope, set()) | DEPLOY.get(scope, set())
        for scope in Scope
        if scope in DETACH or scope in DEPLOY
    }
    | {Scope.POWER: {"ec2:StopInstances"}},
    "status": {
        Scope.EVERYTHING: LOOK
        | MEMBERS
        | {"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules"},
        Scope.LOCKS: LOOK_AT_PARAMETERS,
        Scope.SWITCHES: LOOK_AT_PARAMETERS,
    },
    "lock": {Scope.LOCKS: LOCK | {"ssm:GetParametersByPath"}},
    "clone-environment": CLONE,
    "switch-traffic": {
        Scope.EVERYTHING: {
            "cloudwatch:GetMetricData",
            "elasticloadbalancing:DescribeInstanceHealth",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
        }
        | MEMBERS
        | FIND
        | ASK_HOSTS,
        Scope.RUN_COMMAND: {"ssm:SendCommand"},
        Scope.GROUPS: {
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:DeleteTags",
            "autoscaling:UpdateAutoScalingGroup",
        },
        Scope.LISTENERS: {"elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"},
        Scope.RECORDS: {
            "route53:ChangeResourceRecordSets",
            "route53:GetChange",
            "route53:GetHealthCheckStatus",
            "route53:ListHostedZoneChangeBatches",
            "route53:ListHostedZones",
            "route53:ListResourceRecordSetProtections",
            "route53:ListResourceRecordSets",
        },
        Scope.LOCKS: LOCK,
        Scope.SWITCHES: LOCK | {"ssm:GetParametersByPath"},
    },
    "retire-environment": RETIRE,
    "upgrade-herd": {
        Scope.EVERYTHING: WATCH,
        Scope.CODE_DEPLOY: WATCHED,
        Scope.UPGRADE_FUNCTION: {"lambda:InvokeFunction"},
        Scope.UPGRADE_PARAMETERS: {"ssm:GetParameters"},
    },
    "watch-deployment": {Scope.EVERYTHING: WATCH, Scope.CODE_DEPLOY: WATCHED},
    "verify-traffic": {
        Scope.EVERYTHING: {
            "cloudwatch:GetMetricData",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTargetGroups",
        }
    },
    "check-status": {Scope.EVERYTHING: FIND | MEMBERS},
    "sleep-settle": {Scope.EVERYTHING: FIND},
}
