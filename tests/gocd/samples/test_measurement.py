import json
import tracemalloc
from pathlib import Path

import pytest

from gocd.samples.jtl import COLUMNS, UnreadableJtl
from gocd.samples.latencies import Latencies
from gocd.samples.measurement import FURTHER_LABELS, MOST_LABELS, Measurement, measure
from gocd.samples.version_spans import FURTHER_VERSIONS, MOST_VERSIONS, VersionsSeen
from tests.fuzz.bounds import read

Request = tuple[int, int, str, str]
NO_ANSWER = "Non HTTP response code: "
# The whole second from which the times of requests are counted here, in ms and in s.
MS, S = 1_700_000_000_000, 1_700_000_000


def line(due: int, elapsed: int, code: str, version: str) -> str:
    success = "true" if code == "200" else "false"
    return f"{MS + due},{elapsed},GET /,{code},x,t 1-1,text,{success},,9,9,1,1,http://x/,1,0,0,{version}\n"


def written(folder: Path, *requests: Request, tail: str = "") -> Path:
    jtl = folder / "traffic.jtl"
    jtl.write_text(",".join(COLUMNS) + "\n" + "".join(line(*each) for each in requests) + tail)
    return jtl


def measured(folder: Path, *requests: Request) -> Measurement:
    return measure(written(folder, *requests))


def spans(measurement: Measurement) -> list[tuple[float, float, list[str]]]:
    return [(span.from_s, span.to_s, sorted(span.versions)) for span in measurement.versions]


def test_the_longest_gap_is_between_the_ends_of_two_successes(tmp_path: Path) -> None:
    result = measured(
        tmp_path, (5000, 10, "200", ""), (5100, 10, "200", ""), (5200, 250, "200", ""), (5440, 20, "200", "")
    )
    # Answers were complete at 5010, 5110, 5450 and 5460.
    assert (result.longest_gap_s, result.gap_began_s) == (0.340, 0.110)
    assert (result.first_at, result.last_at) == (S + 5.0, S + 5.46)
    assert result.duration_s == pytest.approx(0.46)


def test_a_lost_request_does_not_end_a_gap(tmp_path: Path) -> None:
    result = measured(
        tmp_path, (5000, 10, "200", ""), (5100, 5, "503", ""), (5200, 5, "503", ""), (5300, 10, "200", "")
    )
    assert result.longest_gap_s == 0.300


def test_a_gap_may_lie_before_the_first_success(tmp_path: Path) -> None:
    result = measured(tmp_path, (5000, 1, "503", ""), (5400, 50, "200", ""), (5500, 1, "200", ""))
    assert (result.longest_gap_s, result.gap_began_s) == (0.450, 0.0)


def test_a_gap_may_lie_after_the_last_success(tmp_path: Path) -> None:
    result = measured(tmp_path, (5000, 1, "200", ""), (5100, 900, NO_ANSWER + "timed out", ""))
    assert (result.longest_gap_s, result.gap_began_s) == (0.999, 0.001)


def test_without_a_success_the_whole_time_is_a_gap(tmp_path: Path) -> None:
    result = measured(tmp_path, (5000, 1, "503", ""), (7000, 500, "503", ""))
    assert (result.longest_gap_s, result.succeeded, result.p95_ms) == (2.5, 0, None)


def test_the_order_of_lines_makes_no_difference(tmp_path: Path) -> None:
    result = measured(tmp_path, (5100, 10, "200", ""), (5000, 10, "200", ""), (5200, 10, "200", ""))
    # Answers were complete at 5010, 5110 and 5210.
    assert (result.longest_gap_s, result.first_at) == (0.100, S + 5.0)


def test_lost_requests_are_counted_by_kind_the_most_frequent_first(tmp_path: Path) -> None:
    result = measured(
        tmp_path,
        (1, 1, NO_ANSWER + "reset", ""),
        (2, 1, "503", ""),
        (3, 1, "503", ""),
        (4, 1, "200", ""),
        (5, 1, NO_ANSWER + "java.net.SocketTimeoutException", ""),
    )
    assert (result.sent, result.succeeded, result.lost) == (5, 1, 4)
    assert list(result.lost_by_kind.items()) == [
        ("answered 503", 2),
        ("connection reset", 1),
        ("timed out", 1),
    ]


def test_percentiles_are_of_succeeded_requests(tmp_path: Path) -> None:
    result = measured(
        tmp_path, *((i, i, "200", "") for i in range(1, 101)), (101, 9000, NO_ANSWER + "timed out", "")
    )
    assert (result.p50_ms, result.p95_ms, result.p99_ms) == (50, 95, 99)


def test_latencies_are_exact_below_a_second_and_half_a_percent_off_at_most_above() -> None:
    for ms in [0, 7, 999, 1000, 1004, 1005, 9999, 10_049, 123_456]:
        latencies = Latencies()
        latencies.add(ms)
        got = latencies.percentile(95)
        assert got is not None
        assert got == ms if ms < 1000 else abs(got - ms) <= 0.005 * ms


def test_two_versions_overlap_while_the_fleet_is_mixed(tmp_path: Path) -> None:
    old = [(at, 0, "200", "1.0") for at in range(0, 31_000, 500)]
    new = [(at + 100, 0, "200", "2.0") for at in range(14_000, 45_000, 500)]
    result = measured(tmp_path, *sorted(old + new))
    assert spans(result) == [(0, 14.1, ["1.0"]), (14.1, 30.5, ["1.0", "2.0"]), (30.5, 44.6, ["2.0"])]
    assert result.requests_per_version == {"1.0": 62, "2.0": 62}


def test_a_version_that_comes_back_has_two_spans(tmp_path: Path) -> None:
    versions = [(at, 0, "200", "2.0" if 5000 <= at < 10_000 else "1.0") for at in range(0, 15_000, 100)]
    assert [who for _, _, who in spans(measured(tmp_path, *versions))] == [["1.0"], ["2.0"], ["1.0"]]


def test_an_outage_is_a_span_of_no_version_and_chance_silence_is_not(tmp_path: Path) -> None:
    result = measured(
        tmp_path,
        (0, 40, "503", ""),
        (100, 0, "200", "1.0"),
        (2000, 0, "200", "1.0"),
        (7000, 0, "200", "2.0"),
        (9000, 0, "200", "2.0"),
        (9500, 0, "503", ""),
    )
    assert spans(result) == [(0, 2.0, ["1.0"]), (2.0, 7.0, []), (7.0, 9.5, ["2.0"])]


def test_each_second_in_which_requests_were_due_is_kept_for_the_report(tmp_path: Path) -> None:
    result = measured(
        tmp_path,
        (7100, 5, "200", "1.0"),
        (7900, 800, "200", "2.0"),
        (7950, 1, "503", ""),
        (9000, 2, "200", "2.0"),
    )
    first, last = result.seconds
    assert (first.at - S, first.sent, first.succeeded, first.lost, first.p95_ms) == (7, 3, 2, 1, 800)
    assert (first.versions, last.at - S, last.sent) == ({"1.0": 1, "2.0": 1}, 9, 1)


@pytest.mark.parametrize(
    "tail", ["100", line(100, 12, "200", "1.0")[:-1], line(100, 12, "200", "1.0")[:40], '1,"a\n']
)
def test_a_last_line_cut_off_is_left_out_and_said(tmp_path: Path, tail: str) -> None:
    result = measure(written(tmp_path, (50, 1, "200", "1.0"), tail=tail))
    assert (result.sent, result.truncated) == (1, True)


def test_a_whole_file_is_not_called_truncated(tmp_path: Path) -> None:
    assert measured(tmp_path, (50, 1, "200", "1.0")).truncated is False


@pytest.mark.parametrize("content", ["", ",".join(COLUMNS) + "\n"])
def test_no_requests_are_zero_of_everything(tmp_path: Path, content: str) -> None:
    jtl = tmp_path / "traffic.jtl"
    jtl.write_text(content)
    result = measure(jtl)
    assert (result.sent, result.lost, result.longest_gap_s, result.duration_s) == (0, 0, 0, 0)
    assert (result.first_at, result.p50_ms, result.versions, result.seconds) == (None, None, (), ())


def test_jmeters_own_result_file_is_read(tmp_path: Path) -> None:
    jtl = tmp_path / "jmeter.jtl"
    jtl.write_text(
        ",".join(COLUMNS[:-1]) + "\n"
        "1700000001000,5,home,200,OK,users 1-1,text,true,,9,9,1,1,http://x/,4,0,1\n"
        '1700000001100,5,home,200,OK,users 1-1,text,false,"expected ""2.0"",\ngot 1.0",9,9,1,1,http://x/,4,0,1\n'
    )
    result = measure(jtl)
    assert (result.sent, result.lost_by_kind, result.versions) == (2, {"not the expected answer": 1}, ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<?xml version='1.0'?>\n<results/>\n", "begins with <results>"),
        ("timeStamp,elapsed,responseCode,success\n1,2\n3,4,200,true\n", "line 2 is not a result: 1,2"),
        ("timeStamp,elapsed,responseCode,success\n1,x,200,true\n3,4,200,true\n", "line 2 is not a result"),
    ],
)
def test_a_file_that_is_no_jtl_is_refused(tmp_path: Path, content: str, message: str) -> None:
    jtl = tmp_path / "other"
    jtl.write_text(content)
    with pytest.raises(UnreadableJtl, match=message):
        measure(jtl)


def test_memory_does_not_grow_with_requests(tmp_path: Path) -> None:
    def peak(requests: int) -> int:
        jtl = written(tmp_path, *((1000 + i % 3000, i % 50, "200", "1.0") for i in range(requests)))
        tracemalloc.start()
        measure(jtl)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few, many = 5_000, 20_000
    # A pointer for each, eight bytes, is the least that remembering requests would take.
    assert peak(many) - peak(few) < 4 * (many - few)


def test_a_measurement_can_be_written_as_json(tmp_path: Path) -> None:
    result = measured(tmp_path, (1000, 5, "200", "1.0"), (3000, 5, "200", "2.0"))
    told = json.loads(json.dumps(result.as_dict()))
    assert told["sent"] == 2
    assert told["duration_s"] == 2.005
    assert told["versions"][0] == {"from_s": 0.0, "to_s": 2.005, "versions": ["1.0"]}
    assert told["versions"][1] == {"from_s": 2.005, "to_s": 2.005, "versions": ["2.0"]}


def test_a_switch_within_one_ms_is_no_time_together(tmp_path: Path) -> None:
    result = measured(
        tmp_path, *((at, 0, "200", who) for at, who in [(0, "1"), (9, "1"), (9, "2"), (20, "2")])
    )
    assert spans(result) == [(0, 0.009, ["1"]), (0.009, 0.02, ["2"])]


def test_each_label_has_figures_of_its_own(tmp_path: Path) -> None:
    jtl = tmp_path / "labels.jtl"
    jtl.write_text(
        "timeStamp,elapsed,label,responseCode,success\n"
        "1700000001000,10,a,200,true\n1700000001000,40,b,200,true\n1700000001100,10,a,503,false\n"
        "1700000003000,30,a,200,true\n1700000003000,60,b,200,true\n"
    )
    result = measure(jtl)
    a, b = result.labels["a"], result.labels["b"]
    # a succeeded at 1010 and 3030; b at 1040 and 3060; all together at 1010, 1040, 3030 and 3060.
    assert (a.sent, a.lost, a.lost_by_kind, a.longest_gap_s, a.gap_began_s) == (
        3,
        1,
        {"answered 503": 1},
        2.02,
        0.01,
    )
    assert (b.sent, b.lost, b.longest_gap_s, b.gap_began_s) == (2, 0, 2.02, 0.04)
    assert (result.sent, result.longest_gap_s, result.gap_began_s) == (5, 1.99, 0.04)
    assert (a.p50_ms, a.p95_ms, a.max_ms, a.first_at, a.last_at) == (10, 30, 30, S + 1.0, S + 3.03)


def test_percentiles_rate_and_throughput_by_hand(tmp_path: Path) -> None:
    # 1 ms to 20 ms, one every 100 ms: of 20, the 10th, 18th, 19th and 20th; from 0 to 1900 + 20 ms.
    result = measured(tmp_path, *((100 * i, i + 1, "200", "") for i in range(20)), (1900, 20, "503", ""))
    assert (result.p50_ms, result.p90_ms, result.p95_ms, result.p99_ms, result.max_ms) == (10, 18, 19, 20, 20)
    assert result.error_rate == pytest.approx(100 / 21)
    assert result.throughput == pytest.approx(20 / 1.92)


def test_the_longest_answer_is_exact(tmp_path: Path) -> None:
    assert measured(tmp_path, (0, 123_456, "200", "")).max_ms == 123_456


def test_files_of_one_run_are_read_side_by_side(tmp_path: Path) -> None:
    first, second = (
        written(folder, *requests)
        for folder, requests in (
            (made(tmp_path / "1"), ((1000, 0, "200", ""), (3000, 0, "200", ""), (5000, 0, "503", ""))),
            (made(tmp_path / "2"), ((2000, 0, "200", ""), (4000, 0, "200", ""))),
        )
    )
    result = measure(first, second)
    assert (result.sent, result.lost, result.longest_gap_s) == (5, 1, 1.0)
    assert [(file.path, file.samples) for file in result.files] == [(str(first), 3), (str(second), 2)]


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_label_of_its_own_for_every_request_does_not_fill_the_memory(tmp_path: Path) -> None:
    jtl = tmp_path / "labels.jtl"
    lines = "".join(f"{MS + i},1,order {i},200,true\n" for i in range(MOST_LABELS + 500))
    jtl.write_text("timeStamp,elapsed,label,responseCode,success\n" + lines)
    result = measure(jtl)
    assert len(result.labels) == MOST_LABELS + 1
    assert (result.sent, result.labels[FURTHER_LABELS].sent) == (MOST_LABELS + 500, 500)


def test_a_service_with_a_version_for_each_answer_is_measured_soon() -> None:
    seen = VersionsSeen()
    for at in range(20_000):
        seen.add(seen.name(f"1.{at}"), at)

    spans = read(lambda: seen.spans(0, 19_999))

    assert spans is not None
    assert len(seen.requests) == MOST_VERSIONS + 1
    assert spans[-1].versions == {FURTHER_VERSIONS}


def test_a_version_that_comes_and_goes_for_days_is_measured_soon() -> None:
    seen = VersionsSeen()
    for stay in range(20_000):
        seen.add("1.0", stay * 10_000)

    spans = read(lambda: seen.spans(0, 200_000_000))

    assert spans is not None
    assert len([span for span in spans if not span.versions]) == 20_000


def test_the_last_answer_of_one_of_two_versions_is_no_time_of_the_other_alone() -> None:
    seen = VersionsSeen()
    for at in range(0, 10_000, 10):
        seen.add("1.0", at)
        seen.add("2.0", at + 5)
    spans = seen.spans(0, 9_995)

    assert [span.versions for span in spans][-1] == {"1.0", "2.0"}
