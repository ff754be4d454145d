"""Programs that an instance has beside its service, for the scripts that run there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from gocd.rehearsal.standin_aws.control import wire


def aws_program() -> str:
    """The text of an ``aws``; see aws_program.py for what it knows of the AWS CLI."""
    source = Path(__file__).with_name("aws_program.py").read_text(encoding="utf-8")
    return f"#!{sys.executable} -IS\n{source}"


def netstat_program() -> str:
    """The text of a Windows host's ``netstat.exe``; Get-NetTCPConnection is Windows' alone."""
    source = Path(__file__).with_name("netstat.py").read_text(encoding="utf-8")
    return f"#!{sys.executable} -IS\n{source}"


def python_program() -> str:
    """The text of a ``python3`` with a standard library, whatever this machine has on its path."""
    return f'#!/bin/sh\nexec {sys.executable} -IS "$@"\n'


def aws_config(environment: Mapping[str, str]) -> str:
    """The text of the ``~/.aws/config`` that leads an instance to the AWS of *environment*.

    What an instance does by itself is in no journal and meets no fault.
    """
    return (
        "[default]\n"
        f"region = {environment['AWS_REGION']}\n"
        f"endpoint_url = {environment['AWS_ENDPOINT_URL']}\n"
        f"aws_access_key_id = {environment['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {environment['AWS_SECRET_ACCESS_KEY']}\n"
        f"sdk_ua_app_id = {wire.ARRANGING}\n"
    )
