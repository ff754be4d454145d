"""The page as a document: well-formed, on its own, escaped, bounded, one time axis."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gocd.report.page import write_report
from gocd.report.rollout import read_rollout
from gocd.report.traffic import read_traffic
from gocd.report.verdict import judge
from tests.gocd.report.rollouts import event, rolled, run, write_events, write_jtl

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = """</title></style><script src=//x>alert(1)</script>"'><img src=x onerror=y>&amp;{x}\\ é漢\u202e"""


def page(folder: Path, lines: list[str], *jtls: Path, title: str = "") -> Path:
    rollout = read_rollout([write_events(folder / "events.jsonl", lines)])
    traffic = [read_traffic(jtl) for jtl in jtls]
    return write_report(
        folder / "out",
        verdict=judge(traffic, rollout),
        traffic=traffic,
        rollout=rollout,
        title=title,
        notes=["1.0 until 9 s"],
        settings={"Rate": "400"},
        repeat="gocd-tasks rehearse x",
    )


def tree(path: Path) -> ET.Element:
    return ET.fromstring(path.read_text(encoding="utf-8").removeprefix("<!DOCTYPE html>\n"))


def text(path: Path) -> str:
    return " ".join(" ".join(tree(path).itertext()).split())


@pytest.fixture
def usual(tmp_path: Path) -> Path:
    return page(tmp_path, rolled(), write_jtl(tmp_path / "t.jtl", 25))


class Parsed(HTMLParser):
    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def assert_on_its_own(path: Path) -> None:
    """No script, and nothing that a browser would fetch."""
    document = path.read_text(encoding="utf-8")
    tags = Parsed(document).tags
    values = [(name, value or "") for _, attributes in tags for name, value in attributes.items()]
    names = {name for name, _ in values}

    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "iframe", "object", "use", "image"})
    assert names.isdisjoint({"src", "href", "xlink:href", "srcset", "action", "data", "background", "style"})
    assert not [name for name in names if name.startswith("on")]
    assert not [value for name, value in values if "url(" in value and not value.startswith("url(#")]
    assert not re.search(r"@import|url\(", document.split("<style>")[1].split("</style>")[0])


def test_the_page_is_well_formed_and_on_its_own(usual: Path) -> None:
    head = tree(usual).find("head")

    assert usual.name == "report.html"
    assert head is not None
    assert [each.get("charset") for each in head.findall("meta")][:1] == ["utf-8"]
    assert_on_its_own(usual)


def test_the_parts_are_in_their_order(usual: Path) -> None:
    words = text(usual)
    sentence = "No request was lost, and traffic was measured for all of the rollout's 18 s."
    parts = [sentence, "requests sent", "longest gap", "1.0 until 9 s", "Requests per second"]
    parts += ["Latency, p95", "Versions", "Instances", "Began, UTC", "p99", "Rate", "gocd-tasks rehearse x"]

    places = [words.index(part) for part in parts]
    assert places[1:] == sorted(places[1:])
    assert tree(usual).findtext(".//h1") == sentence


def test_a_picture_tells_what_it_shows_to_those_who_cannot_see_it(usual: Path) -> None:
    pictures = tree(usual).findall(f".//{SVG}svg")

    assert [each.get("role") for each in pictures] == ["img"] * 3
    for picture in pictures:
        assert picture.findtext(f"{SVG}title")
        told = picture.findtext(f"{SVG}desc") or ""
        assert "No request was lost. Tasks, in order: detach-instance Staging-1," in told


def test_table_heads_say_what_they_head(usual: Path) -> None:
    heads = tree(usual).findall(".//th")

    assert {each.get("scope") for each in heads} == {"col", "row"}


def test_an_event_is_drawn_at_the_second_of_the_chart_in_which_it_happened(usual: Path) -> None:
    for picture in tree(usual).findall(f".//{SVG}svg"):
        titled = {
            group.findtext(f"{SVG}title") or "": group.find(f"{SVG}rect") for group in picture.iter(f"{SVG}g")
        }
        second = next(rect for title, rect in titled.items() if title.startswith("10:00:16 UTC"))
        joining = next(rect for title, rect in titled.items() if ": joining from 10:00:16" in title)
        attach = next(
            rect for title, rect in titled.items() if title.startswith("attach-instance Staging-1:")
        )
        before = next(rect for title, rect in titled.items() if title.startswith("10:00:15 UTC"))

        assert second is not None
        assert joining is not None
        assert attach is not None
        assert before is not None
        assert second.get("x") == joining.get("x")
        assert before.get("x") == attach.get("x")


def test_a_loss_is_marked_counted_and_listed(tmp_path: Path) -> None:
    jtl = write_jtl(
        tmp_path / "t.jtl", 25, lost={7: "503", 20: "Non HTTP response code: java.net.BindException"}
    )
    path = page(tmp_path, rolled(), jtl)
    words = text(path)

    assert "8 %: 10 answered 503, 10 no free port on the agent" in words
    assert "10:00:07.000 answered 503 GET /, by version 1.0 5 ms" in words
    for picture in tree(path).findall(f".//{SVG}svg"):
        counts = [each.text for each in picture.iter(f"{SVG}text") if each.get("class") == "loss-count"]
        assert counts == ["10 lost", "10 lost"]
        bands = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("class") == "loss-band"]
        assert len(bands) == 2
        assert min(float(band.get("width") or 0) for band in bands) >= 3
        parts = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("class") == "loss"]
        assert len(parts) == 2


def test_one_loss_in_two_hours_is_as_wide_as_can_be_seen(tmp_path: Path) -> None:
    path = page(tmp_path, [], write_jtl(tmp_path / "t.jtl", 7200, rate=1, lost={5000: "500"}))

    assert path.read_text().count(">1 lost</text>") == 3
    widths = re.findall(r'width="([\d.]+)" height="[\d.]+" class="loss-band"', path.read_text())
    assert len(widths) == 3
    assert min(map(float, widths)) >= 3


def test_whatever_comes_from_outside_is_only_text(tmp_path: Path) -> None:
    lines = [
        event(0, HOSTILE, "started", pipeline=HOSTILE, stage=HOSTILE, job=HOSTILE),
        event(1, HOSTILE, HOSTILE, HOSTILE, pipeline=HOSTILE, stage=HOSTILE, job=HOSTILE),
        *run("deploy-artifact", 2, 3, code=1, error="x" * 10_000 + HOSTILE),
        '{"time": "2026-01-01T10:00:04+00:00", "state": "\\u0000\\ud800", "instance": "\\u0007", "task": {}}',
    ]
    jtl = write_jtl(
        tmp_path / "t.jtl", 5, lost={2: f'"{HOSTILE.replace(chr(34), chr(34) * 2)}"'}, version="</svg>"
    )
    path = page(tmp_path, lines, jtl, title=HOSTILE * 50)

    assert_on_its_own(path)
    assert tree(path).tag == "html"
    assert "<script" not in path.read_text(encoding="utf-8")
    assert "\u202e" not in path.read_text(encoding="utf-8")
    assert "</title></style><script src=//x>alert(1)" in text(path)
    assert "x" * 1000 not in text(path)


def test_two_hours_stay_under_a_megabyte(tmp_path: Path) -> None:
    jtl = write_jtl(tmp_path / "t.jtl", 7200, rate=3, lost=dict.fromkeys(range(0, 7200, 5), "503"))
    lines = [line for number in range(100) for line in rolled(f"Production-{number}", at=number * 70)]
    path = page(tmp_path, lines, jtl)

    assert path.stat().st_size < 1_000_000


def test_thousands_of_failures_stay_under_a_megabyte(tmp_path: Path) -> None:
    lines = [line for number in range(3000) for line in run("t" * 300, number, number + 1, code=1)]
    lines += [event(number, "t", "é" * 500, f"{number:04}" + "i" * 500) for number in range(3000)]
    path = page(tmp_path, lines, write_jtl(tmp_path / "t.jtl", 3000, rate=1, version="v" * 900))

    assert path.stat().st_size < 1_000_000


def test_events_alone_make_a_page_that_proves_nothing(tmp_path: Path) -> None:
    path = page(tmp_path, rolled())

    assert tree(path).findtext(".//h1") == "No traffic was measured, so nothing is proven."
    assert "No traffic was measured" in text(path)


def test_traffic_alone_makes_a_page(tmp_path: Path) -> None:
    path = page(tmp_path, [], write_jtl(tmp_path / "t.jtl", 5))

    assert tree(path).findtext(".//h1") == "No request was lost."
    assert "Instances" not in text(path)


def test_nothing_at_all_makes_a_page(tmp_path: Path) -> None:
    assert "nothing is proven" in text(page(tmp_path, []))


def test_where_traffic_was_not_measured_the_picture_says_so(tmp_path: Path) -> None:
    path = page(tmp_path, rolled(), write_jtl(tmp_path / "t.jtl", 5))

    assert text(path).count("not measured") == 3
