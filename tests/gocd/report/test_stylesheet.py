import re

import pytest

from gocd.report.stylesheet import STYLESHEET

LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in re.findall(r":root {(.*?)}", STYLESHEET, re.S)
)
TEXTS = [(word, "page") for word in ("ink", "quiet", "good", "bad", "unproven")]
TEXTS += [
    (f"{each}-word", each) for each in ("serving", "draining", "out", "deploying", "joining", "unknown")
]
TEXTS += [("ink", "faint"), ("on-v0", "v0"), ("on-v0", "v5"), *(("on-v1", f"v{n}") for n in range(1, 5))]
SHAPES = [("bad", "requests"), ("done", "page"), ("latency", "page")]


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colors: dict[str, str], one: str, other: str) -> float:
    darker, lighter = sorted(luminance({**LIGHT, **colors}[name]) for name in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_shapes_stand_out_as_wcag_asks(colors: dict[str, str]) -> None:
    faint = [pair for pair in TEXTS if contrast(colors, *pair) < 4.5]
    faint += [pair for pair in SHAPES if contrast(colors, *pair) < 3]

    assert faint == []
