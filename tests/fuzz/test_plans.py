"""JMeter's test plans, looked at before they run."""

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.running.errors import Refused
from tasks.traffic.jmeter.own_properties import OwnProperties
from tasks.traffic.jmeter.plan import check_plan
from tasks.traffic.jmeter.plan_properties import check_properties
from tests.fuzz.bounds import file_with, read
from tests.fuzz.spoiling import spoilt_bytes

PLAN = b"""<?xml version="1.0" encoding="UTF-8"?>
<jmeterTestPlan version="1.2" properties="5.0" jmeter="5.5">
  <hashTree>
    <TestPlan testname="verify" enabled="true"/>
    <hashTree>
      <ThreadGroup testname="users" enabled="true">
        <stringProp name="ThreadGroup.duration">${__P(duration,60)}</stringProp>
      </ThreadGroup>
      <hashTree>
        <HTTPSamplerProxy testname="request" enabled="true"/>
        <hashTree/>
      </hashTree>
    </hashTree>
  </hashTree>
</jmeterTestPlan>
"""
DOCTYPE = PLAN.replace(
    b"<jmeterTestPlan",
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>\n<jmeterTestPlan',
)


@given(spoilt_bytes(PLAN, DOCTYPE), st.sampled_from(([], ["duration"], ["rate"])))
@example(PLAN, ["duration"])
def test_a_plan_can_send_something_or_is_refused(content: bytes, needed: list[str]) -> None:
    with file_with(content, "plan.jmx") as file:
        passes = read(lambda: passed(file, needed), Refused)

    assert passes or (content, needed) != (PLAN, ["duration"])
    if passes:
        assert b"Sampler" in content
        # A name may be put together while the plan runs.
        assert all(name.encode() in content for name in needed) or content.count(b"${") > 1


def passed(plan: Path, needed: list[str]) -> bool:
    check_plan(plan)
    check_properties(plan, dict.fromkeys(needed, "1"), needed, OwnProperties(None, {}))
    return True
