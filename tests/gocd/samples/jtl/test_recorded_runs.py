"""Runs of which everything is known, written as JMeter would in each form, and judged alike and right."""

import gzip
import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from gocd.samples.measurement import Measurement, measure
from tests.gocd.samples.jtl.recorded_runs import JMETERS, Result, Run, as_csv, as_xml, run

RUNS = 200
WITHOUT_THREADS = tuple(name for name in JMETERS if name != "threadName")
WITHOUT_PAUSES = tuple(name for name in JMETERS if name != "IdleTime")
FEW = (
    "success",
    "label",
    "threadName",
    "IdleTime",
    "elapsed",
    "responseMessage",
    "responseCode",
    "timeStamp",
)

FORMS: dict[str, tuple[bool, Callable[[Sequence[Result]], str | bytes]]] = {
    "csv": (True, as_csv),
    "csv without a header": (True, lambda results: as_csv(results, header=False)),
    "csv without threads": (True, lambda results: as_csv(results, WITHOUT_THREADS)),
    "csv without pauses": (True, lambda results: as_csv(results, WITHOUT_PAUSES)),
    "csv in another order": (True, lambda results: as_csv(results, FEW, ";")),
    "csv without sub-results": (False, lambda results: as_csv(results, subresults=False)),
    "csv of requests and sums": (
        False,
        lambda results: as_csv(results, WITHOUT_THREADS, "\t", subresults=False),
    ),
    "csv, packed": (True, lambda results: gzip.compress(as_csv(results).encode(), compresslevel=1)),
    "xml": (True, as_xml),
    "xml without threads": (True, lambda results: as_xml(results, threads=False)),
    "xml without sub-results": (False, lambda results: as_xml(results, subresults=False)),
}


def runs(form: str) -> list[Run]:
    """The runs that *form* can tell: sums without thread or requests could be of anybody's requests."""
    made = [run(Random(seed), 1 + seed % 4) for seed in range(RUNS)]
    if form == "csv of requests and sums":
        made = [each for each in made if each.threads == 1 or not each.generate_parent]
    return made


def percentile(latencies: list[int], percent: int) -> int | None:
    return sorted(latencies)[math.ceil(len(latencies) * percent / 100) - 1] if latencies else None


def longest_gap_ms(requests: list[Result]) -> int:
    ends = sorted(each.due_ms + each.elapsed_ms for each in requests if each.succeeded)
    marks = [
        min(each.due_ms for each in requests),
        *ends,
        max(each.due_ms + each.elapsed_ms for each in requests),
    ]
    return max(after - before for before, after in pairwise(marks))


def told(found: Measurement) -> dict[str, object]:
    return {
        "sent": found.sent,
        "lost": found.lost,
        "gap": found.longest_gap_s,
        "percentiles": (found.p50_ms, found.p90_ms, found.p95_ms, found.p99_ms, found.max_ms),
        "labels": {label: (of.sent, of.lost) for label, of in found.labels.items()},
    }


def truth(sent: Run, *, subresults: bool) -> dict[str, object]:
    requests = sent.requests(subresults=subresults)
    latencies = [each.elapsed_ms for each in requests if each.succeeded]
    named = requests if subresults is False and sent.generate_parent else [*requests, *sent.transactions()]
    labels = Counter(each.label for each in named)
    lost = Counter(each.label for each in named if not each.succeeded)
    return {
        "sent": len(requests),
        "lost": sum(not each.succeeded for each in requests),
        "gap": longest_gap_ms(requests) / 1000,
        "percentiles": tuple(percentile(latencies, percent) for percent in (50, 90, 95, 99, 100)),
        "labels": {label: (count, lost[label]) for label, count in sorted(labels.items())},
    }


@pytest.mark.parametrize("form", FORMS)
def test_a_run_is_measured_as_it_was_whatever_its_record_looks_like(tmp_path: Path, form: str) -> None:
    subresults, written = FORMS[form]
    path = tmp_path / "run.jtl"
    for number, sent in enumerate(runs(form)):
        content = written(sent.results)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert told(measure(path)) == truth(sent, subresults=subresults), f"run {number}"


def test_the_runs_have_all_that_can_be_mistaken() -> None:
    made = runs("csv")
    assert {each.threads for each in made} == {1, 2, 3, 4}
    assert {(each.generate_parent, bool(each.transactions())) for each in made} >= {
        (True, True),
        (False, True),
    }
    requests = [request for each in made for request in each.requests(subresults=True)]
    assert any(not each.succeeded and all(part.succeeded for part in each.within) for each in requests)
    assert any(each.succeeded and any(not part.succeeded for part in each.within) for each in requests)
    assert any(part.within for each in requests for part in each.within)
