"""``pipeline new`` writes a file that is linted, whole and its own, or says why not and writes nothing."""

import os
from pathlib import Path

import pytest

from gocd.templates.text import text_of
from gocd.templates.values import Values
from tests.program import CommandLine

THREE = ("--instances", "Web-1, Web-2,Web-3", "--load-balancer", "web")
MADE = Values("staging", instances=("Web-1", "Web-2", "Web-3"), load_balancers=("web",))


@pytest.fixture
def here(tmp_path: Path) -> CommandLine:
    """The command line, in a folder of its own, with no AWS to ask."""
    return CommandLine({"PATH": os.environ["PATH"]}, tmp_path)


def files(here: CommandLine) -> dict[str, str]:
    return {file.name: file.read_text() for file in here.folder.iterdir()}


def test_a_file_is_written_from_a_template_and_can_be_rehearsed_next(here: CommandLine) -> None:
    done = here("pipeline", "new", "staging", *THREE)

    assert (done.returncode, done.stderr) == (0, "")
    assert files(here) == {"staging.gocd.yaml": text_of(MADE)}
    assert done.stdout == "staging.gocd.yaml: written; next: gocd-tasks rehearse staging.gocd.yaml\n"


def test_every_option_is_in_the_file(here: CommandLine) -> None:
    words = ("--name", "shop", "--group", "shops", "--parameter", "region=eu-west-2", "--format-version", "9")
    more = ("--automatic", "--out", "deploy.gocd.yaml", "--via", "command", "--", "./deploy.sh", "{name}")
    done = here("pipeline", "new", "rolling", "--load-balancer", "a", "--load-balancer", "b", *words, *more)

    assert (done.returncode, done.stderr) == (0, "")
    assert files(here) == {
        "deploy.gocd.yaml": text_of(
            Values(
                "rolling",
                name="shop",
                group="shops",
                load_balancers=("a", "b"),
                via="command",
                command=("./deploy.sh", "{name}"),
                format_version=9,
                automatic=True,
                parameters={"region": "eu-west-2"},
            )
        )
    }


def test_the_next_command_starts_what_a_person_has_to_start(here: CommandLine) -> None:
    done = here("pipeline", "new", "production", "--instances", "a b,c", "--name", "shop")

    assert done.stdout.splitlines() == [
        "a b: its stage is called a-b-out, as GoCD takes no such name",
        "shop.gocd.yaml: written; next: gocd-tasks rehearse shop.gocd.yaml --approve a-b-out",
    ]


def test_a_difference_is_shown_and_nothing_is_written(here: CommandLine) -> None:
    none = here("pipeline", "new", "staging", *THREE, "--diff")
    assert (none.returncode, files(here)) == (0, {})
    assert "+  staging:" in none.stdout.splitlines()

    here("pipeline", "new", "staging", *THREE)
    before = files(here)
    done = here("pipeline", "new", "staging", "--load-balancer", "api", "--diff")
    assert (done.returncode, files(here)) == (0, before)
    assert [line for line in done.stdout.splitlines() if line[0] in "+-"] == [
        "--- staging.gocd.yaml",
        "+++ as it would be",
        "-# Made with: gocd-tasks pipeline new staging --instances Web-1,Web-2,Web-3 --load-balancer web",
        "+# Made with: gocd-tasks pipeline new staging --instances Web-1,Web-2,Web-3 --load-balancer api",
        "-      load_balancer: web",
        "+      load_balancer: api",
    ]
    assert done.stdout.splitlines()[-1] == "staging.gocd.yaml: nothing was written"


def test_what_was_changed_by_hand_is_kept_or_stands_in_the_way(here: CommandLine) -> None:
    file = here.folder / "staging.gocd.yaml"
    file.write_text(text_of(MADE).replace("group: deployment", "group: shop"))
    kept = here("pipeline", "new", "staging", "--instances", "Web-1,Web-2")
    assert (kept.returncode, kept.stderr) == (0, "")
    assert "written, and one place changed by hand kept; next:" in kept.stdout
    assert "group: shop" in file.read_text()
    assert "Web-3" not in file.read_text()

    same = here("pipeline", "new", "staging", "--instances", "Web-1,Web-2")
    assert same.stdout == "staging.gocd.yaml: is so already; nothing to do\n"

    before = files(here)
    refused = here("pipeline", "new", "staging", "--group", "other")
    assert (refused.returncode, refused.stdout, files(here)) == (2, "", before)
    [line] = refused.stderr.splitlines()
    assert line.startswith("error: staging.gocd.yaml: line 25 ('group: shop') was changed by hand")
    assert line.endswith("Look with --diff --force, and write it anew with --force, or give another --out")

    forced = here("pipeline", "new", "staging", "--group", "other", "--force")
    assert (forced.returncode, files(here)["staging.gocd.yaml"].count("group: other")) == (0, 1)


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_file_of_somebody_elses_is_left_alone(here: CommandLine, force: tuple[str, ...]) -> None:
    (here.folder / "own.gocd.yaml").write_text("format_version: 10\n")
    before = files(here)
    done = here("pipeline", "new", "staging", "--out", "own.gocd.yaml", *force)

    assert (done.returncode, done.stdout, files(here)) == (2, "", before)
    assert "own.gocd.yaml: it was not made by pipeline new" in done.stderr
    assert done.stderr.endswith("nothing was changed. Give another --out\n") is bool(force)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stagin",), "there is no template 'stagin'; did you mean staging?; nothing was changed"),
        (("staging", "--instances", "a,b,a"), "--instances names a twice; nothing was changed"),
        (("staging", "--name", "a b"), "--name takes letters, digits, '_', '-' and '.', not 'a b'; nothing"),
        (("staging", "--instances", "-x,y"), "GoCD would refuse staging.gocd.yaml as it would be"),
        (("staging", "--name", ""), "--name cannot be empty; nothing was changed"),
        (("staging", "--instances", ""), "--instances takes names with a comma between, and one of these is"),
        (("staging", "--parameter", "x"), "--parameter takes NAME=VALUE, not x; nothing was changed"),
        (("staging", "--format-version", "12"), "--format-version takes a whole number, 1 to 11, not '12'"),
        (("staging", "--out", "no/folder/a.yaml"), "no/folder/a.yaml cannot be written (No such file or"),
        (("staging", "--out", "."), ". cannot be read"),
        (("staging", "x"), "the words after -- are for --via command"),
        ((), "Missing argument TEMPLATE"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(
    here: CommandLine, words: tuple[str, ...], said: str
) -> None:
    done = here("pipeline", "new", *words)

    assert (done.returncode, files(here)) == (2, {})
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: {said}")


def test_a_link_to_a_file_of_its_own_stays_a_link(here: CommandLine) -> None:
    (here.folder / "real").mkdir()
    link = here.folder / "staging.gocd.yaml"
    link.symlink_to("real/it.gocd.yaml")
    here("pipeline", "new", "staging", *THREE)

    assert link.is_symlink()
    assert (here.folder / "real" / "it.gocd.yaml").read_text() == text_of(MADE)


def test_files_beside_it_with_another_format_version_are_told(here: CommandLine) -> None:
    (here.folder / "old.gocd.yaml").write_text("format_version: 3\npipelines: {}\n")
    (here.folder / "older.gocd.yml").write_text("format_version: 2\n")
    (here.folder / "none.gocd.yaml").write_text("- a\n")
    told = here("pipeline", "new", "staging")
    same = here("pipeline", "new", "rolling", "--format-version", "3", "--out", "old-too.gocd.yaml")

    assert told.stdout.splitlines()[:-1] == [
        "old.gocd.yaml, beside it, has format_version 3: GoCD refuses all files of a repository that do not "
        "have the same (--format-version 3)"
    ]
    assert "older.gocd.yml, beside it, has format_version 2" in same.stdout


def test_a_name_that_gocd_does_not_look_for_is_told(here: CommandLine) -> None:
    done = here("pipeline", "new", "staging", "--out", "staging.yaml")

    assert done.stdout.splitlines()[0].startswith(
        "staging.yaml: GoCD takes *.gocd.yaml and *.gocd.yml, unless"
    )
