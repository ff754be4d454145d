"""Run Command on several instances at once."""

import threading
import time
from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World


@pytest.fixture
def three(cloud: World) -> list[Instance]:
    return [cloud.launch(f"Fleet-{number}") for number in (1, 2, 3)]


def send(cloud: World, ids: list[str], line: str) -> str:
    sent = cloud.client("ssm").send_command(
        InstanceIds=ids, DocumentName="AWS-RunShellScript", Parameters={"commands": [line]}
    )
    return str(sent["Command"]["CommandId"])


def ended(cloud: World, command_id: str, count: int) -> dict[str, Any]:
    """Wait for every invocation to end; gives what is listed of each, two to a page, by instance."""
    pages = cloud.client("ssm").get_paginator("list_command_invocations")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        listed = [
            each
            for page in pages.paginate(CommandId=command_id, Details=True, PaginationConfig={"PageSize": 2})
            for each in page["CommandInvocations"]
        ]
        if len(listed) == count and all(each["Status"] not in {"Pending", "InProgress"} for each in listed):
            return {each["InstanceId"]: each for each in listed}
        threading.Event().wait(0.05)
    raise AssertionError(listed)


def test_each_instance_has_its_own_invocation(cloud: World, three: list[Instance]) -> None:
    bad = three[1]
    command_id = send(
        cloud, [each.id for each in three], f'echo on $INSTANCE_ID; [ "$INSTANCE_ID" != {bad.id} ]'
    )
    listed = ended(cloud, command_id, 3)

    assert {each: told["Status"] for each, told in listed.items()} == {
        each.id: "Failed" if each is bad else "Success" for each in three
    }
    for each in three:
        told = cloud.client("ssm").get_command_invocation(CommandId=command_id, InstanceId=each.id)
        assert told["StandardOutputContent"] == f"on {each.id}\n"
        assert told["ResponseCode"] == (1 if each is bad else 0)


def test_details_are_told_only_when_asked_for(cloud: World, three: list[Instance]) -> None:
    command_id = send(cloud, [three[0].id], "true")
    ended(cloud, command_id, 1)
    [told] = cloud.client("ssm").list_command_invocations(CommandId=command_id)["CommandInvocations"]

    assert told.get("CommandPlugins", []) == []


def test_a_page_ends_with_a_token_for_the_next(cloud: World, three: list[Instance]) -> None:
    command_id = send(cloud, [each.id for each in three], "true")
    ended(cloud, command_id, 3)
    ssm = cloud.client("ssm")
    first = ssm.list_command_invocations(CommandId=command_id, MaxResults=2)
    last = ssm.list_command_invocations(CommandId=command_id, MaxResults=2, NextToken=first["NextToken"])

    assert len(first["CommandInvocations"]) == 2
    assert len(last["CommandInvocations"]) == 1
    assert "NextToken" not in last


def test_more_than_fifty_ids_are_refused(cloud: World, three: list[Instance]) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="length less than or equal to 50"):
        send(cloud, [three[0].id] * 51, "true")
