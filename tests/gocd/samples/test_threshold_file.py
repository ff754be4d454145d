from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.samples.limits import Thresholds
from gocd.samples.threshold_file import read_thresholds


def read(folder: Path, text: str) -> Thresholds:
    path = folder / "limits.yaml"
    path.write_text(text)
    return read_thresholds(path)


def test_limits_are_named_as_the_options_are(tmp_path: Path) -> None:
    text = "max-errors: 0\nmax-gap: 0.5\nlabels:\n  GET /login:\n    p95: 800\n  home: {max-error-rate: 1}\n"
    assert read(tmp_path, text) == Thresholds(
        {"max-errors": 0, "max-gap": 0.5}, {"GET /login": {"p95": 800}, "home": {"max-error-rate": 1}}
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max-eror: 0\n", "limits.yaml:1: there is no limit 'max-eror'; did you mean max-errors?"),
        ("label: {}\n", "there is no limit 'label'; did you mean labels?"),
        ("zzz: 0\n", "there is no limit 'zzz'; known: min-samples, max-errors"),
        (
            "labels:\n  a:\n    mx-gap: 1\n",
            "limits.yaml:3: there is no limit 'mx-gap'; did you mean max-gap?",
        ),
        ("labels:\n  a:\n    labels: {}\n", "limits.yaml:3: there is no limit 'labels'"),
        ("p95: 300ms\n", "p95 must be a number from 0 up"),
        ("p95: -1\n", "p95 must be a number from 0 up"),
        ("p95: .inf\n", "p95 must be a number from 0 up"),
        ("p95: inf\n", "p95 must be a number from 0 up"),
        ("p95: nan\n", "p95 must be a number from 0 up"),
        ("p95: 1_000\n", "p95 must be a number from 0 up"),
        ("p95: ²\n", "p95 must be a number from 0 up"),
        (f"p95: {'9' * 400}\n", "p95 must be a number from 0 up"),
        ("p95: ''\n", "p95 must be a number from 0 up"),
        ("p95: [1]\n", "p95 must be a number from 0 up"),
        ("max-error-rate: 101\n", "max-error-rate must be a number from 0 to 100"),
        ("max-errors: 1.5\n", "max-errors must be a whole number"),
        ("p95: 1\np95: 2\n", "limits.yaml:2: duplicate key 'p95'"),
        ("- p95\n", "thresholds must be names and their values"),
        ("labels: 3\n", "labels must be names and their values"),
        ("labels: {a: 3}\n", "label a must be names and their values"),
        ("", "the file is empty"),
    ],
)
def test_what_is_not_a_limit_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(GoCDError) as problem:
        read(tmp_path, text)
    assert message in str(problem.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GoCDError, match="cannot be read"):
        read_thresholds(tmp_path / "none.yaml")
