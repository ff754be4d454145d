"""Every form in which JMeter can write a JTL is read, and none that is damaged passes for whole."""

import csv
import gzip
import io
import os
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from gocd.samples import csv_results, xml_results
from gocd.samples.jtl import JtlReader, Outcome, UnreadableJtl
from gocd.samples.measurement import measure
from gocd.samples.outcome import COLUMNS
from gocd.samples.reasons import UNTOLD

JMETERS = COLUMNS[:-1]
ROWS = [
    {"timeStamp": "1700000001000", "elapsed": "5", "label": "home", "responseCode": "200", "success": "true"},
    {
        "timeStamp": "1700000001100",
        "elapsed": "7",
        "label": 'pay, "now"',
        "responseCode": "200",
        "success": "false",
        "failureMessage": "expected\nthis;\tand|that,\r\nnot 'it'",
    },
    {
        "timeStamp": "1700000001200",
        "elapsed": "9",
        "label": "home",
        "responseCode": "503",
        "success": "false",
    },
]
OUTCOMES = [
    Outcome(1700000001000, 5, "", label="home"),
    Outcome(1700000001100, 7, "not the expected answer", label='pay, "now"'),
    Outcome(1700000001200, 9, "answered 503", label="home"),
]


def csv_text(columns: tuple[str, ...] = JMETERS, delimiter: str = ",", *, header: bool = True) -> str:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    if header:
        rows.writerow(columns)
    rows.writerows([row.get(name, "") for name in columns] for row in ROWS)
    return text.getvalue()


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "results.jtl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes) -> list[Outcome]:
    reader = JtlReader(written(folder, content))
    outcomes = list(reader)
    assert reader.cut_off_line is None
    assert reader.samples == sum(not outcome.repeats for outcome in outcomes)
    return outcomes


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^"])
def test_the_delimiter_is_whatever_stands_between_the_names(tmp_path: Path, delimiter: str) -> None:
    assert read(tmp_path, csv_text(delimiter=delimiter)) == OUTCOMES


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_without_a_header_the_columns_are_jmeters_own(tmp_path: Path, delimiter: str) -> None:
    assert read(tmp_path, csv_text(delimiter=delimiter, header=False)) == OUTCOMES


@pytest.mark.parametrize(
    "columns",
    [
        tuple(reversed(JMETERS)),
        ("success", "label", "responseCode", "elapsed", "timeStamp"),
        (*JMETERS, "Hostname", "my own variable"),
        ("failureMessage", "timeStamp", "elapsed", "label", "responseCode", "success"),
    ],
)
def test_columns_are_found_by_name(tmp_path: Path, columns: tuple[str, ...]) -> None:
    assert read(tmp_path, csv_text(columns)) == OUTCOMES


def test_columns_that_no_verdict_needs_may_be_absent(tmp_path: Path) -> None:
    assert read(tmp_path, "timeStamp,elapsed,success\n1700000001000,5,true\n1700000001100,6,false\n") == [
        Outcome(1700000001000, 5, ""),
        Outcome(1700000001100, 6, UNTOLD),
    ]


@pytest.mark.parametrize("content", [csv_text().replace("\n", "\r\n"), "\ufeff" + csv_text()])
def test_other_line_ends_and_a_byte_order_mark_make_no_difference(tmp_path: Path, content: str) -> None:
    assert [outcome[:3] for outcome in read(tmp_path, content)] == [outcome[:3] for outcome in OUTCOMES]


def test_bytes_that_are_no_text_do_not_hide_a_sample(tmp_path: Path) -> None:
    content = b"timeStamp,elapsed,label,success\n1700000001000,5,caf\xe9,true\n"
    assert [outcome.due_ms for outcome in read(tmp_path, content)] == [1700000001000]


def test_dates_are_read_in_the_zone_of_this_machine(tmp_path: Path) -> None:
    content = "timeStamp,elapsed,success\n2026/11/20 20:13:40.250,5,true\n2026-11-20 20:13:41,5,true\n"
    first, second = read(tmp_path, content)
    assert second.due_ms - first.due_ms == 750


def test_a_page_in_a_failure_message_is_read(tmp_path: Path) -> None:
    content = f'timeStamp,elapsed,failureMessage,success\n1700000001000,5,"{"long " * 100_000}",false\n'
    assert read(tmp_path, content) == [Outcome(1700000001000, 5, UNTOLD)]


def xml(*samples: str) -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n'
    return f"{head}{''.join(samples)}</testResults>\n"


def sample(ts: int, t: int, lb: str, rc: str, s: str, inside: str = "", rm: str = "OK") -> str:
    return (
        f'<httpSample t="{t}" lt="2" ts="{ts}" s="{s}" lb="{lb}" rc="{rc}" rm="{rm}" tn="users 1-1">{inside}'
        "<assertionResult><name>status</name></assertionResult>\n<java.net.URL>http://x/</java.net.URL>\n"
        "</httpSample>\n"
    )


XML = xml(
    sample(1700000001000, 5, "home", "200", "true"),
    sample(1700000001100, 7, "pay, &quot;now&quot;", "200", "false"),
    sample(1700000001200, 9, "home", "503", "false"),
)


def test_xml_says_the_same(tmp_path: Path) -> None:
    assert read(tmp_path, XML) == OUTCOMES


def test_what_an_assertion_said_is_read_in_both_forms(tmp_path: Path) -> None:
    said = "Test failed: text expected to contain /<b>/"
    told = f"<assertionResult><failureMessage>{escape(said)}</failureMessage></assertionResult>"
    rows = f"timeStamp,elapsed,responseCode,failureMessage,success\n1700000001000,5,200,{said},false\n"
    [in_xml] = read(tmp_path, xml(sample(1700000001000, 5, "", "200", "false", told)))

    assert in_xml.lost_to == "not the expected text"
    assert read(tmp_path, rows) == [in_xml]


@pytest.mark.parametrize("content", [csv_text(), csv_text(delimiter=";", header=False), XML])
def test_gzip_makes_no_difference(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, gzip.compress(content.encode())) == OUTCOMES


def test_samples_within_a_request_are_a_part_of_it(tmp_path: Path) -> None:
    redirect = sample(
        1700000001000, 2, "home-0", "302", "true", sample(1700000001000, 1, "home-0-0", "404", "false")
    )
    assert read(tmp_path, xml(sample(1700000001000, 5, "home", "200", "true", redirect))) == [
        Outcome(1700000001000, 5, "", label="home")
    ]


SUM = "Number of samples in transaction : 2, number of failing samples : {}"


def test_samples_within_a_transaction_are_the_requests_it_stands_for(tmp_path: Path) -> None:
    inside = sample(1700000001000, 5, "a", "200", "true") + sample(1700000001006, 5, "b", "500", "false")
    outcomes = read(tmp_path, xml(sample(1700000001000, 11, "both", "", "false", inside, SUM.format(1))))
    assert [(outcome.label, outcome.repeats) for outcome in outcomes] == [
        ("a", False),
        ("b", False),
        ("both", True),
    ]
    result = measure(tmp_path / "results.jtl")
    assert (result.sent, result.lost) == (2, 1)
    assert {label: (of.sent, of.lost) for label, of in result.labels.items()} == {
        "a": (1, 0),
        "b": (1, 1),
        "both": (1, 1),
    }


def transactions(folder: Path, *rows: str) -> Path:
    header = "timeStamp,elapsed,label,responseMessage,threadName,success\n"
    return written(folder, header + "".join(f"{row}\n" for row in rows))


def test_a_transaction_that_follows_its_requests_is_counted_only_by_its_label(tmp_path: Path) -> None:
    jtl = transactions(
        tmp_path,
        "1700000001000,5,a,OK,users 1-1,true",
        "1700000001001,5,a,OK,users 1-2,true",
        "1700000001006,5,b,OK,users 1-1,false",
        f'1700000001000,11,both,"{SUM.format(1)}",users 1-1,false',
        "1700000001012,5,c,OK,users 1-1,true",
    )
    result = measure(jtl)
    assert (result.sent, result.lost) == (4, 1)
    assert (result.labels["both"].sent, result.labels["both"].lost) == (1, 1)


def test_a_failed_transaction_whose_requests_were_not_recorded_is_not_missed(tmp_path: Path) -> None:
    jtl = transactions(
        tmp_path,
        "1700000001000,5,a,OK,users 1-1,true",
        f'1700000001006,11,both,"{SUM.format(1)}",users 1-1,false',
    )
    assert (measure(jtl).sent, measure(jtl).lost) == (2, 1)


def test_a_transaction_of_nothing_is_no_sample(tmp_path: Path) -> None:
    empty = "Number of samples in transaction : 0, number of failing samples : 0"
    assert measure(transactions(tmp_path, f'1700000001000,0,both,"{empty}",users 1-1,true')).sent == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hello\n", "is not a JTL: it has no column timeStamp"),
        ("timeStamp,elapsed,label\n1700000000001,2,x\n", "is not a JTL: it has no column success"),
        ("elapsed,success\n1,true\n", "is not a JTL: it has no column timeStamp"),
        ("1700000001000,5,home,200,OK\n", "is not a JTL: it has no column timeStamp"),
        (
            "timeStamp,elapsed,success\n1700000000001,2,true\nyesterday,2,true\n",
            "line 3 is not a result: yesterday,2,true",
        ),
        ('timeStamp,elapsed,success\n1700000000001,2,"true" \n', "line 2 is not CSV"),
        (
            "timeStamp,elapsed,success\n1700000000001,2,true\n\x00\x00\x00\n1700000000001,2,true\n",
            "line 3 is not",
        ),
        (
            'timeStamp,elapsed,failureMessage,success\n1700000000001,2,"a\nb",true\nx\n',
            "line 4 is not a result: x",
        ),
        ("<html><body/></html>", "begins with <html>"),
        ("<testResults><httpSample t='1'/></testResults>", "a <httpSample> without ts or s is not a result"),
        ("<testResults><httpSample></sample></testResults>", "is not XML: mismatched tag: line 1"),
        (gzip.compress(XML.encode())[:-8] + b"\0" * 8, "is damaged"),
    ],
)
def test_what_is_no_jtl_is_refused_with_the_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(UnreadableJtl, match=message):
        list(JtlReader(written(tmp_path, content)))


@pytest.mark.parametrize("whole", [csv_text(), csv_text(delimiter="\t"), csv_text(header=False)])
def test_a_file_cut_off_anywhere_is_never_taken_for_the_whole(tmp_path: Path, whole: str) -> None:
    ends = []
    start = whole.index("1700000001000")
    for cut in range(1, len(whole)):
        reader = JtlReader(written(tmp_path, whole[:cut]))
        try:
            outcomes = list(reader)
        except UnreadableJtl:
            # Not enough of the first line to know what it was.
            assert cut < whole.index("1700000001100")
            continue
        assert outcomes == OUTCOMES[: len(outcomes)]
        assert len(outcomes) < len(OUTCOMES)
        if reader.cut_off_line is None:
            ends.append(cut)
        else:
            assert reader.cut_off_line == whole[:cut].count("\n") + (whole[cut - 1] != "\n")
    # Between two lines there is nothing to see it by: behind the header and the first two results.
    behind = [start, whole.index("1700000001100"), whole.index("1700000001200")]
    assert ends == [end for end in behind if end]


@pytest.mark.parametrize("compressed", [False, True])
def test_xml_and_gzip_cut_off_anywhere_are_never_taken_for_the_whole(
    tmp_path: Path, compressed: bool
) -> None:
    whole = gzip.compress(XML.encode()) if compressed else XML.rstrip().encode()
    for cut in range(1, len(whole)):
        reader = JtlReader(written(tmp_path, whole[:cut]))
        try:
            list(reader)
        except UnreadableJtl:
            # Too little of it to know what it was.
            assert cut < 60
        else:
            assert reader.cut_off_line is not None, cut


def test_a_cut_off_line_is_left_out_and_told(tmp_path: Path) -> None:
    [file] = measure(written(tmp_path, csv_text()[:-5])).files
    assert (file.samples, file.cut_off_line) == (2, 6)


NO_TIMES = ["²", "٣", "1_000", "nan", "1e3", "9" * 15, "9" * 400, "9999-12-31", "0001-01-01"]
NOW = 1_700_000_000_000


@pytest.mark.parametrize("number", [*NO_TIMES, "", "-5"])
@pytest.mark.parametrize(
    "content",
    [
        "timeStamp,elapsed,success\n{},2,true\n",
        "<testResults><httpSample ts='{}' t='1' s='true'/></testResults>",
    ],
)
def test_what_is_no_moment_of_a_calendar_is_no_result(tmp_path: Path, content: str, number: str) -> None:
    with pytest.raises(UnreadableJtl, match=r"results\.jtl line \d"):
        read(tmp_path, content.format(number))


@pytest.mark.parametrize("number", NO_TIMES)
@pytest.mark.parametrize(
    "content",
    [
        f"timeStamp,elapsed,success\n{NOW},{{}},true\n",
        f"<testResults><httpSample ts='{NOW}' t='{{}}' s='true'/></testResults>",
    ],
)
def test_what_is_no_length_of_time_is_no_result(tmp_path: Path, content: str, number: str) -> None:
    with pytest.raises(UnreadableJtl, match=r"results\.jtl line \d"):
        read(tmp_path, content.format(number))


def packed(piece: bytes, times: int, start: bytes = b"") -> bytes:
    """A JTL through gzip that goes on with *piece* again and again."""
    packed = io.BytesIO()
    with gzip.open(packed, "wb", compresslevel=1) as file:
        file.write(csv_text().encode() + start)
        for _ in range(times):
            file.write(piece)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (packed(b"x" * 2**10, 300), "a line of it has more than 65,536 bytes"),
        (packed(b"x\n" * 2**10, 300, b'1,1,"'), "a result of more than 65,536 characters"),
        (packed(b'"\n",' * 2**10, 300), "a result of more than 65,536 characters"),
        (b"<testResults>" + b"<sample>" * 101, "more than 100 tags within one another"),
        (b"<testResults><sample lb='" + b"x" * 2**18, "a tag of more than 65,536 bytes"),
        (
            b"<?xml version='1.0' encoding='foo'?><testResults/>",
            "cannot be read: unknown encoding",
        ),
        (
            b"<?xml version='1.0' encoding='shift_jis'?><testResults/>",
            "cannot be read: multi-byte",
        ),
    ],
    ids=["line", "value", "row", "nesting", "tag", "unknown encoding", "encoding that expat cannot read"],
)
def test_what_would_swell_in_memory_is_refused(
    content: bytes, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in (csv_results, xml_results):
        monkeypatch.setattr(form, "LONGEST", 2**16)
    with pytest.raises(UnreadableJtl, match=why):
        list(JtlReader(written(tmp_path, content)))


def test_what_is_no_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="and no file"):
            list(JtlReader(path))
