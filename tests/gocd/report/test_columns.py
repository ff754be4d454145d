from pathlib import Path

from gocd.report.axis import spans
from gocd.report.columns import Column, columns
from gocd.report.traffic import Traffic, read_traffic
from tests.gocd.report.rollouts import ZERO, write_jtl


def drawn(*traffic: Traffic, most: int = 1000) -> list[Column]:
    return columns(traffic, spans([each.interval for each in traffic if each.interval]), most)


def test_a_column_is_a_second_where_there_is_room(tmp_path: Path) -> None:
    made = drawn(read_traffic(write_jtl(tmp_path / "t.jtl", 20)))

    assert [column.sent for column in made] == [10] * 20
    assert made[3].start == ZERO + 3


def test_fewer_columns_lose_neither_a_loss_nor_a_peak(tmp_path: Path) -> None:
    traffic = read_traffic(write_jtl(tmp_path / "t.jtl", 600, lost={301: "503"}))
    made = drawn(traffic, most=40)

    assert len(made) <= 41
    assert sum(column.sent for column in made) == 6000
    assert [(column.lost, column.start - ZERO) for column in made if column.lost] == [(10, 300)]
    assert {column.p95_ms for column in made} == {11}


def test_a_second_in_which_nothing_was_sent_is_seen_in_its_column(tmp_path: Path) -> None:
    path = write_jtl(tmp_path / "t.jtl", 100)
    silent = str(int(ZERO) + 50)
    path.write_text(
        "".join(line for line in path.read_text().splitlines(True) if not line.startswith(silent))
    )
    made = drawn(read_traffic(path), most=10)

    assert [column.low for column in made] == [10, 10, 10, 10, 10, 0, 10, 10, 10, 10]


def test_what_was_not_measured_has_no_column(tmp_path: Path) -> None:
    early = read_traffic(write_jtl(tmp_path / "a.jtl", 5))
    late = read_traffic(write_jtl(tmp_path / "b.jtl", 5, start=10))

    assert [round(column.start - ZERO) for column in drawn(early, late)] == [
        0,
        1,
        2,
        3,
        4,
        10,
        11,
        12,
        13,
        14,
    ]


def test_traffic_at_the_same_time_adds_up(tmp_path: Path) -> None:
    both = [read_traffic(write_jtl(tmp_path / name, 5)) for name in ("a.jtl", "b.jtl")]

    assert [column.sent for column in drawn(*both)] == [20] * 5


def test_a_time_from_another_age_costs_no_memory(tmp_path: Path) -> None:
    path = write_jtl(tmp_path / "t.jtl", 5)
    first, *rest = path.read_text().splitlines(keepends=True)
    path.write_text(first + rest[0].replace(rest[0].split(",")[0], "31536000000") + "".join(rest))

    assert len(drawn(read_traffic(path), most=100)) <= 102
