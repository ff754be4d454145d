"""The template of a test plan, and copies of it with one thing changed."""

from pathlib import Path

PLAN = Path(__file__).parents[4] / "pipelines" / "verify.jmx"


def changed_plan(folder: Path, old: str, new: str, plan: Path = PLAN) -> Path:
    text = plan.read_text()
    assert old in text
    path = folder / "changed.jmx"
    path.write_text(text.replace(old, new))
    return path
