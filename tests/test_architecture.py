"""Who may import whom, and who may touch the world."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [path for folder in ("gocd", "tasks", "pipelines") for path in sorted((ROOT / folder).rglob("*.py"))]

COMMANDS = {
    "attach_instance",
    "check_status",
    "deploy_artifact",
    "detach_instance",
    "iam_policy",
    "lock",
    "rehearse",
    "report",
    "rolling_deploy",
    "sleep_settle",
    "upgrade_herd",
    "verify_traffic",
    "watch_deployment",
}


def imports(path: Path) -> Iterator[str]:
    """Every module that *path* imports, those inside functions too."""
    yield from imported(path.read_text(encoding="utf-8"))


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def circle(sources: Mapping[str, str]) -> list[str]:
    """Modules that import each other in a ring, the first of them again at the end; none if none do."""
    graph = {name: set(imported(source)) & sources.keys() for name, source in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as found:
        names: list[str] = found.args[1]
        return names
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circle({module(path): path.read_text(encoding="utf-8") for path in FILES}) == []


@pytest.mark.parametrize(
    "last",
    [
        "import tree.one",
        "from tree import one",
        "from tree.one import name",
        "def late():\n    from tree.one import name",
        "if TYPE_CHECKING:\n    from tree.one import name",
    ],
)
def test_a_circle_is_found_however_it_is_closed(last: str) -> None:
    tree = {
        "tree": "",
        "tree.one": "import tree.two",
        "tree.two": "from tree import three",
        "tree.three": last,
    }

    assert set(circle(tree)) == {"tree.one", "tree.two", "tree.three"}
    assert circle({**tree, "tree.three": "import json"}) == []


def test_gocd_knows_tasks_only_as_command_lines() -> None:
    offenders = [
        module(path)
        for path in FILES
        if module(path).startswith("gocd")
        and any(name == "tasks" or name.startswith("tasks.") for name in imports(path))
    ]

    assert offenders == []


def test_pipelines_import_nothing() -> None:
    assert [list(imports(path)) for path in FILES if module(path).startswith("pipelines")] == [[]]


def test_aws_knows_no_task() -> None:
    allowed = {"tasks.running.errors", "tasks.running.clock", "tasks.running.waiting"}
    offenders = {
        (module(path), name)
        for path in FILES
        if module(path).startswith("tasks.aws")
        for name in imports(path)
        if name.startswith("tasks.") and not name.startswith("tasks.aws")
        if not any(name == each or name.startswith(f"{each}.") for each in allowed)
    }

    assert offenders == set()


def test_what_commands_share_imports_no_command() -> None:
    offenders = [
        (module(path), name)
        for path in FILES
        if module(path).startswith("tasks.") and path.stem not in COMMANDS | {"cli"}
        for name in imports(path)
        if name.removeprefix("tasks.").split(".")[0] in COMMANDS and name.startswith("tasks.")
    ]

    assert offenders == []


@pytest.mark.parametrize(
    ("package", "places"),
    [
        ("time", {"tasks.running.clock"}),
        ("boto3", {"tasks.aws.artifact_store"}),
        ("botocore", {"tasks.aws.connect", "tasks.aws.errors"}),
        ("requests", {"tasks.herd.build_info", "tasks.status.check"}),
        ("subprocess", {"tasks.traffic.jmeter.process", "tasks.deployers.command"}),
        ("signal", {"tasks.cli", "tasks.traffic.jmeter.process", "tasks.rehearse", "tasks.rollout.at_once"}),
    ],
)
def test_each_way_to_the_outside_is_opened_in_one_place(package: str, places: set[str]) -> None:
    users = {
        module(path)
        for path in FILES
        if module(path).startswith("tasks")
        for name in imports(path)
        if name.split(".")[0] == package
    }

    assert users == places


def test_gocd_itself_speaks_http_in_one_place() -> None:
    users = {
        module(path)
        for path in FILES
        if module(path).startswith("gocd.") and not module(path).startswith("gocd.rehearsal.")
        for name in imports(path)
        if name.split(".")[0] == "requests"
    }

    assert users == {"gocd.server"}


def test_no_file_is_longer_than_a_few_screens() -> None:
    long = {module(path): lines for path in FILES if (lines := len(path.read_text().splitlines())) > 300}

    assert long == {}
