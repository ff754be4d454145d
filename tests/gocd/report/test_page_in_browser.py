"""The page in a real browser, in a frame as GoCD shows it: it fits, it is silent, it asks for nothing."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gocd.report.page import write_report
from gocd.report.rollout import read_rollout
from gocd.report.traffic import read_traffic
from gocd.report.verdict import judge
from tests.gocd.report.rollouts import event, rolled, run, write_events, write_jtl

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0"),
]
# Whatever the page may try to load, or to run, is refused, and the refusal is told on the console.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"
content="default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-frame'">
<iframe style="border:0;width:{width}px;height:800px" srcdoc="{page}"></iframe><pre></pre>
<script nonce="frame">
window.onload = () => {{
  const page = document.querySelector("iframe").contentDocument, root = page.documentElement;
  const shown = [...page.querySelectorAll("svg")].filter(svg => svg.getBoundingClientRect().width);
  const scale = svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const sizes = [...shown[0].querySelectorAll("text")].map(
    text => parseFloat(page.defaultView.getComputedStyle(text).fontSize) * scale(shown[0]));
  const wide = [...page.querySelectorAll("body *")].filter(
    each => each.scrollWidth > each.clientWidth + 1 && each.clientWidth && !each.closest("svg"));
  document.querySelector("pre").textContent = JSON.stringify({{
    width: root.clientWidth, needs: root.scrollWidth, loaded: page.defaultView.performance
      .getEntriesByType("resource").length, pictures: shown.map(svg => svg.classList[1]),
    smallest: Math.min(...sizes), wide: wide.map(each => each.outerHTML.slice(0, 80)),
  }});
}};
</script>"""


@pytest.fixture
def browser() -> str:
    if BROWSER is None:
        if "CI" in os.environ:
            pytest.fail("there is no chromium here")
        pytest.skip("needs chromium")
    return BROWSER


def seen(browser: str, folder: Path, page: Path, width: int) -> dict[str, Any]:
    """Open *page* in a frame of that *width*, and return what the browser measured; it may refuse nothing."""
    frame = folder / f"frame-{width}.html"
    frame.write_text(FRAME.format(width=width, page=html.escape(page.read_text("utf-8"))), encoding="utf-8")
    opened = subprocess.run(
        [
            *(
                browser,
                *FLAGS,
                f"--user-data-dir={folder}/profile-{width}",
                f"--window-size={width + 100},900",
            ),
            *("--dump-dom", frame.as_uri()),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    assert "CONSOLE" not in opened.stderr
    found = re.search(r"<pre>(.+?)</pre>", opened.stdout.rpartition("</iframe>")[2])
    assert found, opened.stdout[-500:]
    measured: dict[str, Any] = json.loads(html.unescape(found[1]))
    return measured


@pytest.fixture
def page(tmp_path: Path) -> Path:
    long = "Production-with-a-name-that-is-much-longer-than-usual-and-has-no-break" * 3
    lines = [
        *rolled(),
        *rolled(long, at=25),
        *run(
            "attach-instance", 46, 49, event(47, "attach-instance", "joining", "S"), code=3, error="e" * 900
        ),
    ]
    jtl = write_jtl(
        tmp_path / f"{'t' * 120}.jtl", 55, lost={7: "503", 30: f"Non HTTP response code: {'E' * 200}"}
    )
    rollout, traffic = read_rollout([write_events(tmp_path / "e", lines)]), [read_traffic(jtl)]
    return write_report(
        tmp_path,
        verdict=judge(traffic, rollout),
        traffic=traffic,
        rollout=rollout,
        settings={"Rate": "r" * 300},
        repeat="gocd-tasks " + "x" * 300,
    )


@pytest.mark.parametrize(("width", "picture"), [(375, "phone"), (768, "tablet"), (1280, "desktop")])
def test_the_page_fits_and_is_silent(
    browser: str, tmp_path: Path, page: Path, width: int, picture: str
) -> None:
    found = seen(browser, tmp_path, page, width)

    assert found["width"] in range(width - 20, width + 1)
    assert found["needs"] <= found["width"]
    assert found["wide"] == []
    assert found["loaded"] == 0
    assert found["pictures"] == [picture]
    assert found["smallest"] >= 11


@pytest.mark.exhaustive
def test_the_browser_would_tell_of_a_script_and_of_a_request(
    browser: str, tmp_path: Path, page: Path
) -> None:
    for intruder in ("<script>1</script>", '<img src="http://127.0.0.1:9/x.png"/>'):
        page.write_text(page.read_text("utf-8").replace("</main>", f"{intruder}</main>"), encoding="utf-8")
        with pytest.raises(AssertionError, match="CONSOLE"):
            seen(browser, tmp_path, page, 375)
