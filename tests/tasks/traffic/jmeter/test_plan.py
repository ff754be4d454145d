"""A plan that JMeter would run, find nothing in, and call a success, is refused before it starts."""

from pathlib import Path

import pytest

from tasks.running.errors import Refused
from tasks.traffic.jmeter.plan import check_plan
from tests.tasks.traffic.jmeter.plans import PLAN, changed_plan


def refusal(plan: Path) -> str:
    with pytest.raises(Refused) as problem:
        check_plan(plan)
    return problem.value.what


def test_the_template_is_a_plan() -> None:
    check_plan(PLAN)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<ThreadGroup ", "<ThreadGrup ", "is not XML (mismatched tag"),
        ("</jmeterTestPlan>", "", "is not XML (no element found"),
        ("jmeterTestPlan", "html", "it begins with <html>"),
        ('testname="users" enabled="true"', 'testname="users" enabled="false"', "has no thread group"),
        ('testname="request" enabled="true"', 'testname="request" enabled="false"', "has no sampler"),
        ("HTTPSamplerProxy", "HTTPSamplrProxy", "has no sampler"),
        ('testclass="TestPlan" testname="verify" enabled="true"', 'enabled="false"', "has no thread group"),
    ],
)
def test_a_plan_that_would_send_nothing_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in refusal(changed_plan(tmp_path, old, new))


def test_a_sampler_outside_of_every_thread_group_is_none(tmp_path: Path) -> None:
    plan = tmp_path / "plan.jmx"
    plan.write_text(
        "<jmeterTestPlan><hashTree><TestPlan/><hashTree><ThreadGroup/><hashTree/>"
        "<TestFragmentController/><hashTree><HTTPSamplerProxy/><hashTree/></hashTree>"
        "</hashTree></hashTree></jmeterTestPlan>"
    )
    assert "has no sampler that is enabled in a thread group" in refusal(plan)


@pytest.mark.parametrize(
    ("group", "sampler"),
    [
        ("com.blazemeter.jmeter.threads.concurrency.ConcurrencyThreadGroup", "JSR223Sampler"),
        ("SetupThreadGroup", "JavaSampler"),
        ("kg.apc.jmeter.threads.UltimateThreadGroup", "kg.apc.jmeter.samplers.HTTPRawSampler"),
        ("ThreadGroup", "IncludeController"),
    ],
)
def test_other_kinds_of_groups_and_samplers_count(tmp_path: Path, group: str, sampler: str) -> None:
    plan = tmp_path / "plan.jmx"
    plan.write_text(
        f"<jmeterTestPlan><hashTree><TestPlan/><hashTree><{group}/><hashTree><LoopController/><hashTree>"
        f"<{sampler}/><hashTree/></hashTree></hashTree></hashTree></hashTree></jmeterTestPlan>"
    )
    check_plan(plan)


def test_a_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read (No such file or directory)" in refusal(tmp_path / "none.jmx")
