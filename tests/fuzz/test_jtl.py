"""Results of traffic, in either form, packed or not: measured, judged, and shown on a page."""

import gzip
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gocd.report.page import render
from gocd.report.rollout import Rollout
from gocd.report.traffic import Traffic, read_traffic
from gocd.report.verdict import judge as conclude
from gocd.samples.jtl import UnreadableJtl
from gocd.samples.limits import Thresholds
from gocd.samples.measurement import Measurement, measure
from gocd.samples.outcome import COLUMNS
from gocd.samples.verdict import judge
from gocd.samples.verdict_files import junit_xml, verdict_json
from tests.fuzz.bounds import file_with, read
from tests.fuzz.spoiling import spoilt_bytes

ROWS = (
    "1767258000000,12,home,200,OK,users 1-1,text,true,,100,50,1,1,http://x/,11,0,1,1.0",
    '1767258000100,2001,"pay, ""now""",503,No,users 1-2,text,false,"a\nb",100,50,1,1,http://x/,11,0,1,1.0',
    "1767258000000,907,page,,Number of samples in transaction : 1,users 1-1,,true,,0,0,1,1,null,0,0,0,2.0",
)
CSV = "\n".join((",".join(COLUMNS), *ROWS, "")).encode()
UNNAMED = "\n".join((*(row.rpartition(",")[0] for row in ROWS), "")).encode()
# Sums of a load generator, parts of a page, and a transaction before its requests.
SUMS = b"""timeStamp;elapsed;label;responseMessage;threadName;success;SampleCount;ErrorCount;Hostname
1767258000000;900;page;OK;users 1-1;true;1;0;a
1767258000000;20;page-0;OK;users 1-1;true;1;0;a
1767258001000;30;page;"Number of samples in transaction : 1, number of failing samples : 1";u;false;1;1;b
1767258001000;30;pay;No;u;false;1;1;b
"""
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<testResults version="1.2">
<httpSample t="12" ts="1767258000000" s="true" lb="home" rc="200" rm="OK" tn="users 1-1">
  <java.net.URL>http://x/</java.net.URL>
  <httpSample t="3" ts="1767258000001" s="true" lb="image" rc="200" rm="OK" tn="users 1-1"/>
</httpSample>
<sample t="30" ts="1767258000100" s="false" lb="page" rc=""
  rm="Number of samples in transaction : 1, number of failing samples : 1" tn="users 1-2">
  <httpSample t="30" ts="1767258000100" s="false" lb="pay" rc="Non HTTP response code: X"
    rm="x" tn="users 1-2"/>
</sample>
</testResults>
"""

jtls = st.one_of(
    spoilt_bytes(CSV, UNNAMED, SUMS),
    spoilt_bytes(XML),
    spoilt_bytes(CSV, XML).map(gzip.compress),
    spoilt_bytes(gzip.compress(CSV * 20), gzip.compress(XML)),
)


@given(jtls)
def test_traffic_is_measured_and_judged_or_called_no_jtl(content: bytes) -> None:
    with file_with(content) as file:
        measurement = read(lambda: measure(file), UnreadableJtl, OSError)
    if measurement is not None:
        check(measurement)


@pytest.mark.parametrize("content", [CSV, UNNAMED, SUMS, XML, gzip.compress(CSV), gzip.compress(XML)])
def test_a_whole_jtl_is_measured(content: bytes) -> None:
    with file_with(content) as file:
        measurement = measure(file)

    assert (measurement.sent, measurement.lost) == (2, 1)
    assert not measurement.truncated


def check(measurement: Measurement) -> None:
    verdict = judge(measurement, Thresholds())

    told = json.loads(verdict_json(verdict), parse_constant=not_json)
    assert told["passed"] is verdict.passed
    assert ET.fromstring(junit_xml(verdict)).tag == "testsuite"
    if verdict.passed:
        assert measurement.sent > 0
        assert measurement.lost == 0
        assert not measurement.truncated


def not_json(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@given(jtls)
def test_traffic_is_shown_on_a_page_or_called_no_jtl(content: bytes) -> None:
    with file_with(content) as file:
        page = read(lambda: shown(file), UnreadableJtl, OSError)
    if page is not None:
        ET.fromstring(page.removeprefix("<!DOCTYPE html>"))


def shown(file: Path) -> str:
    traffic: list[Traffic] = [read_traffic(file)]
    verdict = conclude(traffic, Rollout())
    return render(
        verdict=verdict,
        traffic=traffic,
        rollout=Rollout(),
        title="",
        notes=(),
        criteria=(),
        settings={},
        repeat="",
    )
