"""Who may import whom, and who may touch the world."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tasks import cli, pipeline

ROOT = Path(__file__).parents[1]
FILES = [path for folder in ("gocd", "tasks", "pipelines") for path in sorted((ROOT / folder).rglob("*.py"))]

COMMANDS = {module.removeprefix("tasks.") for module in cli.COMMANDS.values()}
SUBCOMMANDS = {module.removeprefix("tasks.pipelines.") for module in pipeline.SUBCOMMANDS.values()}


@cache
def parsed(source: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(source)))


def nodes(path: Path) -> list[ast.AST]:
    return parsed(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every module that *path* imports, those inside functions too."""
    yield from imported(path.read_text(encoding="utf-8"))


def imported(source: str) -> Iterator[str]:
    for node in parsed(source):
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


def test_the_files_of_tasks_are_the_commands() -> None:
    beside = {"__init__", "cli", "contents", "frame", "options", "start"}

    assert {path.stem for path in (ROOT / "tasks").glob("*.py")} == COMMANDS | beside


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
    allowed = {"tasks.running"}
    offenders = {
        (module(path), name)
        for path in FILES
        if module(path).startswith("tasks.aws")
        for name in imports(path)
        if name.startswith("tasks.") and not name.startswith("tasks.aws")
        if not any(name == each or name.startswith(f"{each}.") for each in allowed)
    }

    assert offenders == set()


def test_answers_of_aws_come_from_one_place() -> None:
    """Who has a client of its own reads answers that nobody has held to their model."""
    allowed = {"tasks.aws.api", "tasks.aws.artifact_store", "tasks.aws.release_link"}
    asking = {
        module(path)
        for path in FILES
        if module(path).startswith("tasks")
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in ("client", "signer", "create_client")
    }

    assert asking == allowed


def test_what_every_command_stands_on_knows_no_other_room() -> None:
    offenders = {
        (module(path), name)
        for path in FILES
        if module(path).startswith("tasks.running")
        for name in imports(path)
        if name.startswith("tasks.") and not name.startswith("tasks.running")
    }

    assert offenders == set()


def test_aws_alone_knows_its_error_codes() -> None:
    offenders = [
        (module(path), node.lineno)
        for path in FILES
        if module(path).startswith("tasks.") and not module(path).startswith("tasks.aws.")
        for node in nodes(path)
        if (isinstance(node, ast.Attribute) and node.attr == "code" and _is_error(node.value))
        or (isinstance(node, ast.Constant) and str(node.value).endswith("Exception"))
        if str(getattr(node, "value", "")) != "Uncaught Exception"
    ]

    assert offenders == []


def _is_error(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("error", "denied", "refused")


def test_a_clock_is_built_in_the_frame_and_nowhere_else() -> None:
    builders = {
        module(path)
        for path in FILES
        if module(path).startswith("tasks.")
        for node in nodes(path)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SystemClock"
    }

    assert builders == {"tasks.cli", "tasks.frame"}


def test_a_dry_run_is_known_to_commands_only() -> None:
    takers = {
        module(path)
        for path in FILES
        if module(path).startswith("tasks.") and path.stem not in COMMANDS | SUBCOMMANDS
        for node in nodes(path)
        if isinstance(node, ast.arg) and node.arg == "dry_run"
    }

    assert takers == set()


def test_what_was_typed_is_known_at_the_front_door_only() -> None:
    readers = {
        module(path)
        for path in FILES
        if module(path).startswith("tasks.") and "sys.argv" in path.read_text(encoding="utf-8")
    }

    # What keeps JMeter is a process of its own, and no command.
    assert readers == {"tasks.cli", "tasks.traffic.jmeter.keeper"}


def test_nothing_is_splatted_into_a_call_that_could_be_named() -> None:
    offenders = [
        (module(path), node.lineno)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and any(isinstance(each, ast.Starred) and isinstance(each.value, ast.Tuple) for each in node.args)
    ]

    assert offenders == []


def test_what_commands_share_imports_no_command() -> None:
    offenders = [
        (module(path), name)
        for path in FILES
        if module(path).startswith("tasks.") and path.stem not in COMMANDS | {"cli", "start"}
        for name in imports(path)
        if name.removeprefix("tasks.").split(".")[0] in COMMANDS and name.startswith("tasks.")
    ]

    assert offenders == []


@pytest.mark.parametrize(
    ("package", "places"),
    [
        ("time", {"tasks.running.clock"}),
        ("boto3", {"tasks.aws.artifact_store"}),
        ("botocore", {"tasks.aws.api", "tasks.aws.connections", "tasks.aws.errors"}),
        ("requests", {"tasks.herd.build_info", "tasks.status.check"}),
        (
            "subprocess",
            {"tasks.running.process_tree", "tasks.traffic.jmeter.process", "tasks.running.site_program"},
        ),
        (
            "signal",
            {
                "tasks.start",
                "tasks.cli",
                "tasks.running.process_tree",
                "tasks.rehearse",
                "tasks.running.undisturbed",
            },
        ),
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


def test_whatever_is_said_passes_one_gate() -> None:
    sayers = {
        module(path)
        for path in FILES
        if module(path).startswith("tasks.")
        for node in nodes(path)
        if (isinstance(node, ast.Name) and node.id == "print")
        or (
            isinstance(node, ast.Attribute)
            and node.attr in {"echo", "secho", "stdout", "stderr", "excepthook"}
        )
        if not (
            isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in {"process", "subprocess"}
        )
    }

    assert sayers <= {"tasks.running.console", "tasks.cli"}


def test_only_tests_import_what_tests_inherit_from() -> None:
    users = {
        (module(path), name)
        for path in FILES
        if not module(path).startswith("tasks.testing")
        for name in imports(path)
        if name.startswith("tasks.testing") or name.split(".")[0] == "pytest"
    }

    assert users == set()


def test_gocd_itself_speaks_http_in_one_place() -> None:
    users = {
        module(path)
        for path in FILES
        if module(path).startswith("gocd.") and not module(path).startswith("gocd.rehearsal.")
        for name in imports(path)
        if name.split(".")[0] == "requests"
    }

    assert users == {"gocd.client.asking", "gocd.web"}


OPENING = {"open", "read_text", "read_bytes", "write_text", "write_bytes"}

# Who opens files beside the one place for those of others: their own, the system's, and what is in archives.
OPENERS = {
    "gocd.files",
    *("tasks.archives.packing", "tasks.archives.tar", "tasks.archives.zip"),
    *("tasks.hosts.script", "tasks.running.plugins", "gocd.samples.jtl"),
    *("tasks.locking.owner", "tasks.running.console"),
}


def called(path: Path) -> Iterator[str]:
    """The last word of the name of every function that a module calls."""
    for node in nodes(path):
        if isinstance(node, ast.Call):
            yield str(getattr(node.func, "attr", getattr(node.func, "id", "")))


def test_the_files_of_others_are_opened_in_one_place() -> None:
    openers = {
        module(path)
        for path in FILES
        # A rehearsal's are its own: what it is given, it has looked at beforehand.
        if not module(path).startswith("gocd.rehearsal.") and OPENING & {*called(path)}
    }

    assert openers <= OPENERS


def test_whole_folders_are_deleted_in_one_place_and_where_they_were_made() -> None:
    made = "gocd.rehearsal.standin_aws."
    deleters = {module(path) for path in FILES if {"rmtree", "removedirs"} & {*called(path)}}

    assert {name for name in deleters if not name.startswith(made)} == {"tasks.traffic.jmeter.recording"}


def is_placed(test: Path) -> bool:
    """Whether a file of tests lies where what it tests does, with the name of that before its own."""
    tested, name = ROOT / test.relative_to(ROOT / "tests").parent, test.stem.removeprefix("test_")
    # A module may have a folder of tests, each named as it likes.
    if tested.with_suffix(".py").is_file():
        return True
    names = {path.stem for path in tested.glob("*")} - {"__init__"}
    return any(f"{name}_".startswith(f"{each}_") for each in names)


def test_every_file_of_tests_lies_where_what_it_tests_does() -> None:
    files = [
        path for room in ("tasks", "gocd") for path in sorted((ROOT / "tests" / room).rglob("test_*.py"))
    ]
    lost = [path for path in files if not is_placed(path) and path.parent.name != "plugin_example"]

    assert lost == []


@pytest.mark.parametrize(
    ("path", "well"),
    [
        ("tests/tasks/test_lock.py", True),
        ("tests/tasks/test_lock_killed.py", True),
        ("tests/tasks/rolling_deploy/test_anything.py", True),
        ("tests/tasks/hosts/test_go_back.py", True),
        ("tests/tasks/test_locks.py", False),
        ("tests/tasks/locking/test_anything.py", False),
        ("tests/tasks/nowhere/test_lock.py", False),
    ],
)
def test_a_file_of_tests_that_is_out_of_place_is_found(path: str, well: bool) -> None:
    assert is_placed(ROOT / path) is well


def test_no_file_is_longer_than_a_few_screens() -> None:
    long = {module(path): lines for path in FILES if (lines := len(path.read_text().splitlines())) > 300}

    assert long == {}
