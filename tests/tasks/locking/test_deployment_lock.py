"""A lock's parameter that somebody else has written: a person, another version, or whoever."""

import json
import math
from datetime import timedelta
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.parameter import Look
from tasks.lock import release, status
from tasks.locking.deployment_lock import DeploymentLock, Holding, all_locks, parameter_name
from tasks.locking.held import Held
from tasks.running.clock import SystemClock
from tasks.running.errors import Refused
from tests.fakes import EPOCH, Stage
from tests.tasks.locking.test_owner import HERE

NAME = "target-group:staging"
FACTS = {"host": "agent-1", "user": "go", "pipeline": "staging", "counter": 12, "process": 7}
HELD = {"state": "held", "token": "t", "what": "detach-instance", "lasts": 120.0, **FACTS}


def look(content: dict[str, Any]) -> Look:
    return Look(3, content, "w", EPOCH + timedelta(days=30), EPOCH)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in HELD.items() if key != name}


def test_one_that_is_read_ends_by_itself() -> None:
    there = Holding.read(look(HELD))

    assert there is not None
    assert (there.unread, there.expired) == ("", True)


@pytest.mark.parametrize("content", [{}, {"state": "free"}, {"state": "free", "host": 7, "lasts": "x"}])
def test_only_what_is_free_is_free(content: dict[str, Any]) -> None:
    assert Holding.read(look(content)) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"hello": 1}, "its state is None"),
        ({**HELD, "state": "shared"}, "its state is 'shared'"),
        ({**HELD, "state": ["held"]}, "its state is ['held']"),
        (without("token"), "it has no token"),
        (without("what"), "it has no what"),
        (without("lasts"), "it lasts None"),
        *(
            ({**HELD, "lasts": value}, f"it lasts {value!r}"[:300])
            for value in ("120", None, True, math.nan, math.inf, -1, 604_801, [120])
        ),
        ({**HELD, "lasts": 10**400}, "it lasts 1000"),
        ({**HELD, "token": 7}, "its token is 7"),
        ({**HELD, "what": {"a": "b"}}, "its what is {'a': 'b'}"),
        *(
            ({**HELD, "since": value}, f"it is held since {value!r}")
            for value in ("yesterday", "2026-01-01T00:00:00")
        ),
        ({**HELD, "since": 7}, "its since is 7"),
        ({**HELD, "host": None}, "its host is None"),
        ({**HELD, "counter": "12"}, "its counter is '12'"),
        ({**HELD, "counter": -1}, "its counter is -1"),
        ({**HELD, "process": 1.5}, "its process is 1.5"),
        ({**HELD, "process": True}, "its process is True"),
        ({**HELD, "process": 10**400}, "its process is 1000"),
        ({**HELD, "user": "a\nb" * 1000, "stage": 7}, "its stage is 7"),
    ],
)
def test_what_is_not_understood_is_held_until_it_is_released(content: dict[str, Any], why: str) -> None:
    there = Holding.read(look(content))

    assert there is not None
    assert there.unread.startswith(why)
    assert len(there.unread) < 400
    assert there.words.startswith(f"somebody, as it cannot be read here ({why}")
    assert not there.expired
    assert there.over(HERE, lambda _: True) == ("", 0.0)
    assert not there.owner.same_run(HERE)


def put(cloud: World, value: str, name: str = parameter_name(NAME)) -> None:
    """Write as somebody else would, past all rules."""
    cloud.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def lock(aws: Aws) -> DeploymentLock:
    return DeploymentLock(NAME, aws, HERE, SystemClock())


def junk(cloud: World) -> None:
    put(cloud, json.dumps({**HELD, "base": 0}))
    for number in range(100):
        put(cloud, f"{number} of somebody else")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (json.dumps({"base": 0, "state": "shared"}), "its state is 'shared'"),
        (json.dumps({"base": 0}), "its value cannot be read"),
        ('{"base": 0, "deep": ' + "[" * 2_000 + "]" * 2_000 + "}", "its value cannot be read"),
        ('{"base": 0, "state": "held", "lasts": NaN}', "it lasts nan"),
        ("", "100 others were written over it"),
    ],
)
def test_every_command_works_on_in_words_and_force_releases_it(
    aws: Aws, cloud: World, value: str, why: str
) -> None:
    stage = Stage()
    if value:
        put(cloud, value)
    else:
        junk(cloud)

    status([lock(aws)], tuple, stage.wait.log)
    assert stage.lines[-1].startswith(
        f"{NAME}: locked by somebody, as it cannot be read here ({why}), since "
    )
    assert stage.lines[-1].endswith(f"until it is released: gocd-tasks lock release {NAME} --force")

    with pytest.raises(Refused, match="is locked by somebody, as it cannot be read here") as kept_out:
        Held(lock(aws), "detach-instance", stage.wait).acquire(0, lambda _: True)
    assert f"gocd-tasks lock release {NAME} --force" in str(kept_out.value.advice)

    with pytest.raises(Refused, match="is locked by somebody, as it cannot be read here"):
        release(lock(aws), tuple, stage.wait.log, force=False)

    release(lock(aws), tuple, stage.wait.log, force=True)
    assert stage.lines[-1].startswith(f"{NAME}: released; it was held by somebody, as it cannot be read here")
    status([lock(aws)], tuple, stage.wait.log)
    assert stage.lines[-1] == f"{NAME}: free"


def test_what_is_no_locks_does_not_keep_the_others_from_being_listed(aws: Aws, cloud: World) -> None:
    held = Held(lock(aws), "detach-instance", Stage().wait)
    held.acquire(0, lambda _: False)
    for name in ("a_0a_b", "not_ours", "x" * 200):
        put(cloud, "something", f"/gocd-tasks/lock/{name}")

    assert [each.name for each in all_locks(aws, HERE, SystemClock())] == [NAME]
