"""What every process of the command line under test begins with: all of it imported, and AWS's models read.

Only the server that forks those processes imports this. A copy of its memory takes some milliseconds, where
Python's start, the imports and the models take 0.4 s of a processor's time.
"""

import gc
import pkgutil
from importlib import import_module

import boto3  # noqa: F401, TID251
import botocore.session
import requests  # noqa: F401

import gocd.rehearsal.rehearsal  # noqa: F401
import tasks
import tests.models  # noqa: F401
from tasks.cli import command_line

SERVICES = ("autoscaling", "cloudwatch", "codedeploy", "ec2", "elb", "elbv2", "lambda", "s3", "ssm")

command_line()

# Also what a command imports when it comes to need it, plug-ins above all.
for module in pkgutil.walk_packages(tasks.__path__, "tasks."):
    if not module.name.startswith("tasks.testing"):
        import_module(module.name)

# Each process opens a session of its own, and finds in it the models that were read here. With credentials
# that are none, as the search for some would end in the network.
for service in SERVICES:
    botocore.session.Session().create_client(
        service, "eu-west-1", aws_access_key_id="none", aws_secret_access_key="none"
    )

# What a collection would touch the kernel would have to copy.
gc.collect()
gc.freeze()
