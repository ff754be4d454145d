#!/bin/sh
# A new version onto one server as recipes have it: calls of the AWS CLI, and a sleep after each change.
#
#   naive_sleeps.sh SERVER
#
# LOOK_UP is the filter that finds SERVER, TARGET_GROUP an ARN, DEPLOY a file with the parameters of the
# script that installs the release, SLEEP seconds; with GROUP the server is a member of that Auto Scaling
# group, and goes to Standby.
id=$(aws ec2 describe-instances --output text --query 'Reservations[0].Instances[0].InstanceId' \
    --filters "Name=$LOOK_UP,Values=$1" Name=instance-state-name,Values=running)
target=$id
if [ "$LOOK_UP" = private-ip-address ]; then
    target=$1
fi

if [ -n "$GROUP" ]; then
    aws autoscaling enter-standby --auto-scaling-group-name "$GROUP" --instance-ids "$id" \
        --should-decrement-desired-capacity
else
    aws elbv2 deregister-targets --target-group-arn "$TARGET_GROUP" --targets "Id=$target"
fi
sleep "$SLEEP"

aws ssm send-command --document-name AWS-RunShellScript --instance-ids "$id" --parameters "file://$DEPLOY"
sleep "$SLEEP"

if [ -n "$GROUP" ]; then
    aws autoscaling exit-standby --auto-scaling-group-name "$GROUP" --instance-ids "$id"
else
    aws elbv2 register-targets --target-group-arn "$TARGET_GROUP" --targets "Id=$target"
fi
sleep "$SLEEP"
