"""A verdict as JSON for programs, and as JUnit XML for GoCD's Tests tab."""

from __future__ import annotations

import json
from dataclasses import asdict
from xml.etree import ElementTree as ET

from gocd.samples.verdict import Verdict
from gocd.shown import shown

SUITE = "verify-traffic"


def verdict_json(verdict: Verdict) -> str:
    """Return *verdict* as a JSON object, schema 1; a later schema may add names but not change these.

    ``schema`` 1; ``passed``; ``criteria``, each a ``Criterion`` by its own names, in the order judged;
    ``files``, each a ``FileRead`` by its own names; ``overall`` the ``Figures`` of all samples by its own
    names, and ``labels`` those of each label; ``overall`` is null if no result file could be read;
    ``addresses`` where the first requests went to, the most asked one first.
    """
    measurement = verdict.measurement
    told = {
        "schema": 1,
        "passed": verdict.passed,
        # The message alone is of words, which may be JMeter's own.
        "criteria": [{**asdict(each), "message": shown(each.message)} for each in verdict.criteria],
        "files": [asdict(file) for file in measurement.files] if measurement else [],
        "addresses": [shown(each) for each in measurement.addresses] if measurement else [],
        "overall": measurement.own().as_dict() if measurement else None,
        "labels": {label: of.as_dict() for label, of in measurement.labels.items()} if measurement else {},
    }
    return json.dumps(told, indent=2) + "\n"


def junit_xml(verdict: Verdict) -> str:
    """Return *verdict* as one test suite: a test case for each criterion, in a class for each label.

    Source: GoCD's UnitTestReportGenerator.java takes any file that has a ``testsuite`` in it
    """
    suite = ET.Element(
        "testsuite",
        name=SUITE,
        tests=str(len(verdict.criteria)),
        failures=str(len(verdict.failed)),
        errors="0",
        skipped="0",
        time=f"{verdict.measurement.duration_s if verdict.measurement else 0:.3f}",
    )
    for criterion in verdict.criteria:
        of = shown(f"{SUITE}.{criterion.label}" if criterion.label else SUITE)
        message = shown(criterion.message)
        limit = "" if criterion.limit is None else f" {criterion.limit:.15g}"
        case = ET.SubElement(suite, "testcase", classname=of, name=criterion.name + limit, time="0")
        if not criterion.passed:
            ET.SubElement(case, "failure", message=message).text = message
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suite, encoding="unicode")}\n'
