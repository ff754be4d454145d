"""Parameter Store as a place to keep a decision: versions, their history, and who was first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.world import World

NAME = "/gocd-tasks/rollouts/web"


def put(cloud: World, value: str, *, overwrite: bool = True) -> int:
    told = cloud.client("ssm").put_parameter(Name=NAME, Value=value, Type="String", Overwrite=overwrite)
    return int(told["Version"])


def history(cloud: World) -> list[Any]:
    pages = cloud.client("ssm").get_paginator("get_parameter_history").paginate(Name=NAME)
    return [each for page in pages for each in page["Parameters"]]


def test_each_put_is_a_version_with_its_time(cloud: World) -> None:
    assert [put(cloud, "one", overwrite=False), put(cloud, "two"), put(cloud, "three")] == [1, 2, 3]

    now = cloud.client("ssm").get_parameter(Name=NAME)["Parameter"]
    assert (now["Value"], now["Version"]) == ("three", 3)
    assert datetime.now(timezone.utc) - now["LastModifiedDate"] < timedelta(minutes=1)
    assert [(each["Version"], each["Value"]) for each in history(cloud)] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
    ]


def test_only_the_first_put_without_overwriting_succeeds(cloud: World) -> None:
    ssm = cloud.client("ssm")

    def first(number: int) -> bool:
        try:
            put(cloud, str(number), overwrite=False)
        except ssm.exceptions.ParameterAlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(first, range(24)))
    assert won.count(True) == 1
    assert ssm.get_parameter(Name=NAME)["Parameter"]["Value"] == str(won.index(True))


def test_puts_from_several_threads_lose_no_version(cloud: World) -> None:
    cloud.client("ssm")
    with ThreadPoolExecutor(8) as threads:
        versions = list(threads.map(lambda number: put(cloud, str(number)), range(40)))

    assert sorted(versions) == list(range(1, 41))
    kept = {each["Version"]: each["Value"] for each in history(cloud)}
    assert kept == {version: str(number) for number, version in enumerate(versions)}


def test_a_deleted_parameter_begins_anew(cloud: World) -> None:
    put(cloud, "one")
    put(cloud, "two")
    ssm = cloud.client("ssm")
    ssm.delete_parameter(Name=NAME)

    for call in (ssm.get_parameter, ssm.delete_parameter, ssm.get_parameter_history):
        with pytest.raises(botocore.exceptions.ClientError, match="ParameterNotFound"):
            call(Name=NAME)
    assert put(cloud, "three", overwrite=False) == 1
