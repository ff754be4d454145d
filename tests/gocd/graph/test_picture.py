"""The picture stands alone, shows everything, and nothing of it lies outside."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gocd.graph.flow import Flow
from gocd.graph.picture import picture_of
from tests.gocd.graph.flows import TEXT, flows

SVG = "{http://www.w3.org/2000/svg}"


def drawn(told: list[Flow]) -> ElementTree.Element:
    return ElementTree.fromstring(picture_of(told))


def words(root: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def test_everything_is_in_it(tmp_path: Path) -> None:
    shown = words(drawn(flows(tmp_path)))

    for word in (
        *("build", "release", "group apps, lock lockOnFailure", "scripts", "out", "report", "first"),
        *("second (on 2 agents)", "lock status, report", "by hand, by anna, role ops"),
        *("only after success", "takes app.zip of build/compile/compile"),
        "takes events/a, events/b of out/first",
    ):
        assert word in shown


def test_it_loads_and_runs_nothing_and_is_light_and_dark(tmp_path: Path) -> None:
    text = picture_of(flows(tmp_path))

    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"<script|href|url\(|@import|<image|<foreignObject| on\w+=", text) == []
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg|example\.com)", text) == []


@pytest.mark.parametrize("stages", [1, 12])
def test_nothing_lies_outside_or_leaves_its_box(stages: int, tmp_path: Path) -> None:
    more = "".join(
        f"      - more-{number}:\n          tasks: [fetch: {{stage: out, job: first, source: events}}]\n"
        for number in range(stages)
    )
    told = flows(tmp_path, TEXT.replace("  build:\n    group", f"{more}  build:\n    group"))
    root = drawn(told)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    boxes = [
        tuple(float(each.attrib[name]) for name in ("x", "y", "width", "height"))
        for each in root.iter(f"{SVG}rect")
        if each.attrib.get("class") != "page"
    ]
    points = [
        (float(x), float(y))
        for path in root.iter(f"{SVG}path")
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.attrib["d"])
    ]

    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    assert all(0 <= x <= width and 0 <= y <= height for x, y in points)


def test_what_names_hold_is_shown_and_not_read_as_markup(tmp_path: Path) -> None:
    odd = TEXT.replace("detach-instance, A", "detach-instance, '<b>&\"]]>'")
    shown = words(drawn(flows(tmp_path, odd)))

    assert '<b>&"]]>' in "".join(shown)
