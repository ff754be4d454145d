"""Which rows of a record are requests, what they stand for, and when in doubt."""

from pathlib import Path

import pytest

from gocd.samples.limits import Thresholds
from gocd.samples.measurement import Measurement, measure
from gocd.samples.outcome import UnreadableJtl
from gocd.samples.verdict import judge

S = 1_700_000_000
HEADER = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,success"


def at(ms: int) -> int:
    return S * 1000 + ms


def rows(*told: tuple[int, int, str, str, bool], message: str = "OK") -> str:
    """One line for each of: due, elapsed, label, thread, success."""
    return "".join(
        f"{at(due)},{took},{label},{'200' if good else '500'},{message},{thread},{str(good).lower()}\n"
        for due, took, label, thread, good in told
    )


def transaction(
    due: int, took: int, named: int, failing: int, thread: str = "users 1-1", label: str = "checkout"
) -> str:
    message = f'"Number of samples in transaction : {named}, number of failing samples : {failing}"'
    return f"{at(due)},{took},{label},,{message},{thread},{'false' if failing else 'true'}\n"


def measured(folder: Path, content: str | bytes, header: str = HEADER) -> Measurement:
    path = folder / "run.jtl"
    text = content if isinstance(content, bytes) else f"{header}\n{content}".encode()
    path.write_bytes(text)
    return measure(path)


def counts(found: Measurement) -> tuple[int, int]:
    return found.sent, found.lost


def without_threads(content: str) -> tuple[str, str]:
    """The same without the column of threads, and the header of what is left."""
    lines = [line.rsplit(",", 2) for line in content.splitlines()]
    header = HEADER.replace("threadName,", "")
    return "".join(f"{before},{success}\n" for before, _, success in lines), header


REQUEST = (0, 20, "home", "users 1-2", True)


@pytest.mark.parametrize("threads", [True, False])
def test_a_transaction_counts_whose_requests_are_not_recorded(tmp_path: Path, threads: bool) -> None:
    # Others' requests lie in its time, and none of them was lost.
    content = rows(REQUEST, (500, 20, "home", "users 1-2", True)) + transaction(100, 900, 3, 1)
    content += rows((1001, 20, "home", "users 1-2", True))
    found = measured(tmp_path, content) if threads else measured(tmp_path, *without_threads(content))
    assert counts(found) == (4, 1)


@pytest.mark.parametrize("threads", [True, False])
def test_others_successes_do_not_hide_the_loss_of_a_transaction(tmp_path: Path, threads: bool) -> None:
    # As many requests as it names, each successful: the lost one is not among them.
    content = rows(*((200 + 100 * each, 20, "home", "users 1-2", True) for each in range(3)))
    content += transaction(100, 900, 3, 1)
    found = measured(tmp_path, content) if threads else measured(tmp_path, *without_threads(content))
    assert counts(found) == (4, 1)


def test_requests_are_those_of_one_transaction_only_where_nobody_names_threads(tmp_path: Path) -> None:
    content = rows((100, 20, "home", "", True), (130, 20, "pay", "", False)) + transaction(99, 60, 2, 1)
    content += transaction(90, 100, 2, 1, label="another")
    assert counts(measured(tmp_path, *without_threads(content))) == (3, 2)


def test_a_debug_step_before_a_transaction_is_not_one_of_its_requests(tmp_path: Path) -> None:
    content = rows((500, 0, "Debug Sampler", "users 1-1", True)) + transaction(500, 9, 1, 1)
    assert counts(measured(tmp_path, content)) == (2, 1)
    content = rows((500, 0, "Debug Sampler", "users 1-1", True)) + transaction(500, 9, 1, 0)
    assert counts(measured(tmp_path, content)) == (2, 0)


def test_requests_of_a_transaction_may_follow_it_as_sub_results(tmp_path: Path) -> None:
    content = rows((500, 0, "Debug Sampler", "users 1-1", True)) + transaction(500, 40, 2, 1)
    inside = rows((500, 20, "/ok", "users 1-1", True), (520, 20, "/bad", "users 1-1", False))
    assert counts(measured(tmp_path, content + inside)) == (3, 1)
    assert counts(measured(tmp_path, content + inside.splitlines(keepends=True)[0])) == (3, 1)


def test_a_step_of_no_time_after_a_transaction_is_not_one_of_its_requests(tmp_path: Path) -> None:
    content = transaction(500, 5, 1, 0) + rows((505, 0, "Debug Sampler", "users 1-1", True))
    assert counts(measured(tmp_path, content)) == (2, 0)


def test_requests_after_a_pause_that_nobody_recorded_are_known_by_their_sum(tmp_path: Path) -> None:
    inside = rows((3000, 20, "/ok", "users 1-1", True), (9000, 20, "/bad", "users 1-1", False))
    assert counts(measured(tmp_path, transaction(500, 40, 2, 1) + inside)) == (2, 1)
    assert counts(measured(tmp_path, transaction(500, 41, 2, 1) + inside)) == (3, 2)
    more = rows((9100, 5, "/ok", "users 1-1", True), (9200, 5, "/ok", "users 1-1", True))
    assert counts(measured(tmp_path, transaction(500, 45, 2, 1) + inside + more)) == (5, 2)


def test_a_transaction_that_failed_by_itself_counts(tmp_path: Path) -> None:
    content = rows((500, 20, "/ok", "users 1-1", True)) + transaction(500, 20, 1, 0).replace("true", "false")
    assert counts(measured(tmp_path, content)) == (2, 1)


def test_a_transaction_around_another_repeats_its_requests_too(tmp_path: Path) -> None:
    content = rows((0, 10, "a", "users 1-1", True), (10, 10, "b", "users 1-1", False))
    content += transaction(0, 20, 2, 1, label="inner") + rows((20, 5, "c", "users 1-1", True))
    content += transaction(0, 25, 3, 1, label="outer")
    found = measured(tmp_path, content)
    assert counts(found) == (3, 1)
    assert (found.labels["inner"].lost, found.labels["outer"].lost) == (1, 1)


def test_parts_of_a_page_are_no_requests_and_the_failed_page_is_one(tmp_path: Path) -> None:
    content = "".join(
        rows((1000 * each, 900, "/page", "users 1-1", False))
        + rows(*((1000 * each + 25 * part, 20, f"/page-{part}", "users 1-1", True) for part in range(30)))
        for each in range(4)
    )
    assert counts(measured(tmp_path, content)) == (4, 4)
    assert counts(measured(tmp_path, *without_threads(content))) == (4, 4)


def test_requests_named_like_parts_count(tmp_path: Path) -> None:
    names = ("name", "name-0", "name-1", "name-0-0")
    content = rows(*((20 * n, 20, name, "users 1-1", n % 2 == 0) for n, name in enumerate(names)))
    assert counts(measured(tmp_path, content)) == (4, 2)
    assert counts(measured(tmp_path, *without_threads(content))) == (4, 2)


def test_a_lost_request_of_no_time_behind_one_it_is_named_after_counts(tmp_path: Path) -> None:
    content = rows((0, 20, "name", "users 1-1", True), (20, 0, "name-0", "users 1-1", False))
    assert counts(measured(tmp_path, content)) == (2, 1)


def test_parts_that_keep_their_addresses_are_no_requests(tmp_path: Path) -> None:
    parts = ((0, 20, "http://h/", "users 1-1", True), (20, 30, "http://h/login", "users 1-1", True))
    content = rows((0, 50, "home", "users 1-1", True), *parts, (50, 9, "http://h/", "users 1-1", True))
    assert counts(measured(tmp_path, content)) == (2, 0)


def test_parts_of_a_request_that_a_script_renamed_are_no_requests(tmp_path: Path) -> None:
    parts = ((0, 20, "/old-0", "users 1-1", True), (20, 30, "/old-1", "users 1-1", False))
    assert counts(measured(tmp_path, rows((0, 50, "home", "users 1-1", True), *parts))) == (1, 0)


def test_without_messages_both_forms_count_a_transaction_and_its_requests(tmp_path: Path) -> None:
    content = (
        f"{at(0)},50,buy,users 1-1,false\n{at(0)},20,step-0,users 1-1,true\n{at(20)},30,pay,users 1-1,false\n"
    )
    assert counts(measured(tmp_path, content, "timeStamp,elapsed,label,threadName,success")) == (3, 2)
    inside = "".join(
        f"<httpSample ts='{at(due)}' t='{took}' lb='{label}' tn='users 1-1' s='{good}'/>"
        for due, took, label, good in ((0, 20, "step-0", "true"), (20, 30, "pay", "false"))
    )
    xml = f"<sample ts='{at(0)}' t='50' lb='buy' tn='users 1-1' s='false'>{inside}</sample>"
    assert counts(measured(tmp_path, f"<testResults>{xml}</testResults>".encode())) == (3, 2)


def test_a_row_of_many_samples_counts_as_many_and_tells_no_percentiles(tmp_path: Path) -> None:
    header = f"{HEADER},SampleCount,ErrorCount"
    content = (
        f"{at(2000)},2000,home,200,OK,users,true,100,0\n{at(4000)},1900,home,200,OK,users,true,95,0\n"
        f"{at(6000)},2000,home,,,users,false,100,37\n{at(6500)},9,home,500,No,users,false,1,1\n"
    )
    found = measured(tmp_path, content, header)
    assert counts(found) == (296, 38)
    assert (found.longest_gap_s, found.p95_ms, found.max_ms) == (2.0, None, None)
    [criterion] = judge(found, Thresholds({"max-errors": 38, "p95": 50})).failed
    assert criterion.message == (
        "p95 unknown, as the record has sums of many samples only; at most 50 ms allowed"
    )
    told = f"ts='{at(2000)}' t='2000' lb='home' rc='200' rm='OK' tn='users'"
    xml = f"<testResults><sample {told} s='true' sc='100' ec='0'/><sample {told} s='false' sc='4' ec='1'/>"
    assert counts(measured(tmp_path, f"{xml}</testResults>".encode())) == (104, 1)


def test_counts_that_contradict_each_other_hide_no_loss(tmp_path: Path) -> None:
    header = f"{HEADER},SampleCount,ErrorCount"
    content = "".join(
        f"{at(0)},9,home,200,OK,users,{told}\n" for told in ("true,1,1", "false,9,0", "true,0,3")
    )
    assert counts(measured(tmp_path, content, header)) == (1 + 9 + 3, 1 + 1 + 3)


@pytest.mark.parametrize("held_back", [5, 100, 1000])
def test_records_of_several_load_generators_come_in_batches(tmp_path: Path, held_back: int) -> None:
    told = [
        (
            batch + generator,
            f"{at((each * 2 + generator) * 2000)},20,home,200,OK,users 1-1,true,lg-{generator}\n",
        )
        for generator in range(2)
        for each in range(200)
        for batch in [each // held_back * 2]
    ]
    content = "".join(line for _, line in sorted(told, key=lambda each: each[0]))
    found = measured(tmp_path, content, f"{HEADER},Hostname")
    assert (found.sent, found.longest_gap_s) == (400, 2.0)


def test_threads_of_one_name_on_two_load_generators_are_two(tmp_path: Path) -> None:
    content = f"{at(0)},20,home,200,OK,users 1-1,true,a\n"
    content += transaction(0, 30, 1, 0).replace("users 1-1,true", "users 1-1,true,b")
    assert counts(measured(tmp_path, content, f"{HEADER},Hostname")) == (2, 0)


@pytest.mark.parametrize(
    ("elapsed", "why"), [("-1700000000100", "negative elapsed time"), ("", "no elapsed time")]
)
def test_a_sample_without_a_time_is_lost_and_the_others_are_judged(
    tmp_path: Path, elapsed: str, why: str
) -> None:
    content = rows(REQUEST) + f"{at(100)},{elapsed},t,,OK,users 1-1,true\n"
    found = measured(tmp_path, content)
    assert (counts(found), found.lost_by_kind) == ((2, 1), {why: 1})
    xml = f"<testResults><sample ts='{at(0)}' t='{elapsed}' s='true'/><sample ts='{at(9)}' t='1' s='true'/>"
    assert counts(measured(tmp_path, f"{xml}</testResults>".encode())) == (2, 1)


def test_the_case_of_letters_says_nothing(tmp_path: Path) -> None:
    content = rows(REQUEST, REQUEST, (9, 9, "home", "users 1-2", False))
    content = content.replace("true", "True", 1).replace("true", "TRUE").replace("false", "FALSE")
    assert counts(measured(tmp_path, content)) == (3, 1)
    assert counts(measured(tmp_path, content, HEADER.upper())) == (3, 1)
    told = f"sample ts='{at(0)}' t='1'"
    xml = f"<testResults><{told} s='True'/><{told} s='False'/></testResults>"
    assert counts(measured(tmp_path, xml.encode())) == (2, 1)


@pytest.mark.parametrize(
    ("stamp", "why"),
    [
        ("1700000000", "is in the year 1970: seconds, where ms are needed"),
        (
            "1700000000.123",
            "is neither in ms, as jmeter.save.saveservice.timestamp_format=ms makes it, nor a",
        ),
        ("11/26/26 12:00:00", "is neither in ms, as"),
        ("12:00:00", "is neither in ms, as"),
        ("1700000000000000", "is no time in ms since 1970"),
    ],
)
def test_a_time_stamp_that_is_not_in_ms_is_refused_in_words(tmp_path: Path, stamp: str, why: str) -> None:
    with pytest.raises(UnreadableJtl, match=f"line 2 is not a result: .*; its time stamp {why}"):
        measured(tmp_path, rows(REQUEST).replace(str(at(0)), stamp))
    with pytest.raises(UnreadableJtl, match=why):
        measured(tmp_path, f"<testResults><sample ts='{stamp}' t='1' s='true'/></testResults>".encode())


@pytest.mark.parametrize("data", [b"&#x0;&#1;&#xFFFF;&#xd800;ok&amp;", bytes(range(32)), b"\xef\xbf\xbe"])
@pytest.mark.parametrize("before", [0, 65_440, 65_450, 65_455])
def test_characters_that_xml_cannot_have_do_not_hide_samples(
    tmp_path: Path, data: bytes, before: int
) -> None:
    sample = f"<httpSample ts='{at(0)}' t='20' s='true'><responseData>".encode()
    record = (
        b"<testResults>" + sample + b"x" * before + data + b"</responseData></httpSample></testResults>\n"
    )
    assert counts(measured(tmp_path, record)) == (1, 0)


def test_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    record = (
        "<!DOCTYPE testResults [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><testResults>&b;</testResults>"
    )
    with pytest.raises(UnreadableJtl, match="declares a document type, which JMeter never writes"):
        measured(tmp_path, record.encode())


def test_samples_of_unknown_kinds_are_told_or_judged(tmp_path: Path) -> None:
    plugin = f"<testResults><x.y.Z ts='{at(0)}' t='1' s='false'/></testResults>"
    assert counts(measured(tmp_path, plugin.encode())) == (1, 1)
    with pytest.raises(UnreadableJtl, match="a <statSample> without ts or s is not a result"):
        measured(tmp_path, b"<testResults><statSample><errorCount>1</errorCount></statSample></testResults>")


def test_without_a_last_line_end_a_whole_last_line_counts(tmp_path: Path) -> None:
    found = measured(tmp_path, rows(REQUEST, (9, 9, "home", "users 1-2", False))[:-1])
    assert (counts(found), found.truncated) == ((2, 1), False)
    found = measured(tmp_path, rows(REQUEST, REQUEST)[:-2])
    assert (counts(found), found.truncated) == ((1, 0), True)


def test_records_put_one_behind_the_other_are_read_with_their_headers(tmp_path: Path) -> None:
    other = f"elapsed,timeStamp,success\n5,{at(50)},false\n"
    found = measured(tmp_path, f"{rows(REQUEST)}{HEADER}\n{rows(REQUEST)}{other}")
    assert counts(found) == (3, 1)


def test_a_date_in_front_does_not_hide_what_stands_between_the_columns(tmp_path: Path) -> None:
    values = ["2026/11/20 20:13:40.250", "5", "home", "200", "OK", "users 1-1", "text", "true", *[""] * 9]
    assert counts(measured(tmp_path, ("|".join(values) + "\n").encode())) == (1, 0)


def test_the_same_record_counts_once_whatever_it_is_called(tmp_path: Path) -> None:
    first = tmp_path / "a.jtl"
    first.write_text(f"{HEADER}\n{rows(REQUEST)}")
    (tmp_path / "b.jtl").write_bytes(first.read_bytes())
    (tmp_path / "c.jtl").symlink_to(first)
    (tmp_path / "d.jtl").write_text(f"{HEADER}\n{rows((1, 2, 'other', 'users 1-1', True))}")
    found = measure(*(tmp_path / f"{name}.jtl" for name in "abcd"))
    assert found.sent == 2
    assert [each.same_as and Path(each.same_as).name for each in found.files] == [
        None,
        "a.jtl",
        "a.jtl",
        None,
    ]
    messages = [criterion.message for criterion in judge(found, Thresholds()).criteria]
    assert messages[1] == f"{tmp_path}/b.jtl is the same record as {first} and counts once"
