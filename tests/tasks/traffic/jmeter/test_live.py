"""What a person sees while JMeter runs."""

from pathlib import Path

from tasks.traffic.jmeter.live import GrowingRecord

HEADER = "timeStamp,elapsed,label,responseCode,success,failureMessage\n"


def test_before_there_is_a_record_there_are_no_samples(tmp_path: Path) -> None:
    assert GrowingRecord(tmp_path / "none.jtl").numbers() == "0 samples, 0 errors, 0/s, longest gap 0 ms"


def test_it_reads_on_as_the_record_grows_and_waits_for_the_end_of_a_line(tmp_path: Path) -> None:
    jtl = tmp_path / "results.jtl"
    record = GrowingRecord(jtl)
    jtl.write_text(f"{HEADER}1000,5,home,200,true,\n1100,5,ho")
    first = record.numbers()
    with jtl.open("a") as more:
        more.write("me,200,true,\n1900,5,home,503,false,no\n2000,10,home,200,true,\n")
    second = record.numbers()

    assert first == "1 sample, 0 errors, 0/s, longest gap 0 ms"
    assert second == "4 samples, 1 error, 1/s, longest gap 905 ms"


def test_what_it_cannot_read_is_passed_over(tmp_path: Path) -> None:
    jtl = tmp_path / "results.jtl"
    jtl.write_text(f"{HEADER}1000,5,home,200,true,\nnonsense\nx,y,home,200,true,\n1100,5,home,200,true,\n")

    assert GrowingRecord(jtl).numbers().startswith("2 samples, 0 errors")
