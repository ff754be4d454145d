from pathlib import Path
from xml.etree import ElementTree as ET

from gocd.report.page import write_report
from gocd.report.rollout import read_rollout
from gocd.report.traffic import read_traffic
from gocd.report.verdict import judge
from tests.gocd.report.rollouts import run, write_events, write_jtl


def page(folder: Path, lines: list[str], *jtls: Path) -> ET.Element:
    rollout = read_rollout([write_events(folder / "events.jsonl", lines)])
    traffic = [read_traffic(jtl) for jtl in jtls]
    path = write_report(folder / "out", verdict=judge(traffic, rollout), traffic=traffic, rollout=rollout)
    return ET.fromstring(path.read_text(encoding="utf-8").removeprefix("<!DOCTYPE html>\n"))


def rows(page: ET.Element, heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    [section] = [
        each for each in page.iter("section") if "".join(each.findtext("h2") or "").startswith(heading)
    ]
    return [
        [" ".join(" ".join(cell.itertext()).split()) for cell in row]
        for body in section.iter("tbody")
        for row in body
    ]


def test_stages_are_in_the_order_of_time_each_with_the_window_that_was_measured(tmp_path: Path) -> None:
    """Names sort otherwise: Staging-1-in comes after Staging-1-out, and a stage may be run again."""
    lines = [
        *run("attach-instance", 20, 30, stage="Staging-1-in/1"),
        *run("detach-instance", 0, 10, stage="Staging-1-out/1"),
        *run("deploy-artifact", 10, 18, stage="Staging-1-out/1"),
        *run("attach-instance", 40, 50, stage="Staging-1-in/2"),
    ]
    early = write_jtl(tmp_path / "b.jtl", 18)
    late = write_jtl(tmp_path / "a.jtl", 5, start=22, lost={24: "503"})
    told = page(tmp_path, lines, late, early)

    assert rows(told, "Stages") == [
        ["Staging-1-out/1", "10:00:00", "18 s", "10:00:00 to 10:00:17 all of it", "180", "0"],
        ["Staging-1-in/1", "10:00:20", "10 s", "10:00:22 to 10:00:26 4.9 s of 10 s", "50", "10"],
        ["Staging-1-in/2", "10:00:40", "10 s", "not measured", "-", "-"],
    ]
    heads = [cell.text for cell in told.iter("th") if (cell.text or "").endswith(".jtl")]
    assert [Path(head or "").name for head in heads] == ["b.jtl", "a.jtl"]


def test_outside_of_gocd_there_are_no_stages(tmp_path: Path) -> None:
    told = page(tmp_path, run("detach-instance", 0, 10, stage=""))

    assert "Stages" not in [heading.text for heading in told.iter("h2")]
