"""Runs and stages are named as GoCD writes them."""

import pytest

from tasks.running.errors import Refused
from tasks.runs.named import run_named, stage_named


@pytest.mark.parametrize(
    ("given", "run"), [("app", ("app", None)), ("app/12", ("app", 12)), ("app/12/", ("app", 12))]
)
def test_a_run_is_a_name_and_a_counter(given: str, run: tuple[str, int | None]) -> None:
    assert run_named(given) == run


@pytest.mark.parametrize("given", ["app/12/out", "app/12/out/1"])
def test_a_stage_is_one_of_a_run_and_its_latest(given: str) -> None:
    assert stage_named(given) == ("app", 12, "out")


@pytest.mark.parametrize("given", ["", "/", "app/latest", "app/0", "app/1_0", "app/12/out"])
def test_what_names_no_run_is_refused(given: str) -> None:
    with pytest.raises(Refused):
        run_named(given)


@pytest.mark.parametrize("given", ["app", "app/12", "app/x/out", "app/12//1", "a/1/b/c/d"])
def test_what_names_no_stage_is_refused(given: str) -> None:
    with pytest.raises(Refused):
        stage_named(given)
