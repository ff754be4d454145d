from pathlib import Path

import pytest

from gocd.pipeline import Material
from gocd.rehearsal.standin_gocd.cleaning import clean
from tests.gocd.rehearsal.standin_gocd.rehearsed import Rehearsed, bash, pipeline, stage

UP = Material("up", "dependency", pipeline="dist", stage="package")


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearsed:
    return Rehearsed(tmp_path / "rehearsal")


FOLDERS = ("a/b/c", "a/d", "dist", "cruise-output", "out/deep")


def git(destination: str) -> Material:
    return Material(destination or "app", "git", "https://example.com/app.git", destination=destination)


@pytest.mark.parametrize(
    ("materials", "left"),
    [
        ((git(""), git("dist")), ["a/b/c", "a/d", "cruise-output", "dist", "out/deep"]),
        ((git("dist"),), ["cruise-output", "dist"]),
        ((git("a/b"), git("dist")), ["a/b/c", "cruise-output", "dist"]),
        ((git("a"), git("a/b")), ["a/b/c", "a/d", "cruise-output"]),
        ((UP,), ["cruise-output"]),
        ((UP, git("dist")), ["cruise-output", "dist"]),
    ],
)
def test_with_a_destination_for_every_material_all_other_folders_are_deleted(
    materials: tuple[Material, ...], left: list[str], tmp_path: Path
) -> None:
    for name in FOLDERS:
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a.txt").touch()
    said: list[str] = []

    clean(tmp_path, materials, said.append)

    found = [folder for folder in tmp_path.rglob("*") if folder.is_dir() and not any(folder.iterdir())]
    assert sorted(str(folder.relative_to(tmp_path)) for folder in found) == left
    assert (tmp_path / "a.txt").exists()


def test_a_stage_that_fetches_materials_loses_what_an_earlier_one_left_on_the_agent(
    rehearsed: Rehearsed,
) -> None:
    look = bash("ls")
    stages = (
        stage("one", bash("mkdir dist")),
        stage("two", look, fetch_materials=False),
        stage("three", bash("ls -d dist || echo gone")),
    )

    rehearsed.server(pipeline(*stages, materials=(git("app"),))).run()

    assert [line for line in rehearsed.output() if line in ("dist", "gone")] == ["dist", "gone"]
    assert any(line.startswith("[go] Deleting folder") for line in rehearsed.lines)
    assert "[go] Skipping material update since stage is configured not to fetch materials" in rehearsed.lines
