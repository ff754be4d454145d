"""One look at everything that a release engineer asks at night: who serves, who is out, why, and what next.

Its command is ``status``; the name is that of the status checks' package, which plug-ins import.
"""

from enum import Enum
from pathlib import Path
from typing import Annotated

from tasks import options
from tasks.frame import Task, running
from tasks.locking.owner import Owner
from tasks.looking.answers import Question
from tasks.looking.as_json import as_json, steady
from tasks.looking.look import Look
from tasks.looking.picture import Picture
from tasks.looking.subjects import Finder, Subjects
from tasks.looking.watching import Changes, watch
from tasks.looking.words import lines
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.status.check import parse_fields

# What a service's answer is most often called by where nobody says.
USUAL_FIELDS = ("version",)

# What a pipeline as code is called.
PIPELINE_FILES = (".gocd.yaml", ".gocd.yml")


class Output(str, Enum):
    TEXT = "text"
    JSON = "json"


def command(
    names: Annotated[
        list[str] | None,
        argument(
            "NAME...",
            "Load balancers, instances, stack:NAME, group:NAME, green:A,B, or .gocd.yaml files; by default "
            "whatever is locked, remembered as taken out, or under way.",
        ),
    ] = None,
    pipeline: Annotated[
        list[Path] | None,
        option("--pipeline", "A pipeline file, whatever it is called: all that it names; repeatable."),
    ] = None,
    status_url: Annotated[
        str | None,
        option(
            "--status-url",
            "Also ask each running instance this, such as http://{private_ip}:8080/_status; a pipeline "
            "file's own is asked unasked.",
        ),
    ] = None,
    expect_json: Annotated[
        list[str] | None,
        option("--expect-json", "KEY=VALUE; the values of these keys in the JSON answer are told."),
    ] = None,
    watching: Annotated[
        bool, option("--watch", "Look again and again: live on a terminal, else a line a change.")
    ] = False,
    output: Annotated[Output, option("--output", "json is for programs: one line.")] = Output.TEXT,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Say who is in which load balancer, in what state and why, with which release, and what to type next.

    Locks, what is remembered as taken out and by whom, and blue/green as well. Nothing is changed or waited
    for, and what may not be seen is said to be so. Exit 0 if it could look, however bad things are.

    Example: gocd-tasks status staging --status-url http://{private_ip}:8080/_status
    """
    with running("status", None, color, data_alone=output is Output.JSON) as task:
        subjects = _subjects(names or [], pipeline or [], task)
        subjects.status_url = status_url or subjects.status_url
        fields = tuple(parse_fields(expect_json or [])) or subjects.fields or USUAL_FIELDS
        question = Question(subjects.status_url, fields) if subjects.status_url else None
        here = Owner.here()
        look = Look(subjects, task.aws, task.wait.clock, here, question)
        changes = Changes()

        def show(picture: Picture) -> None:
            if output is Output.JSON:
                if changes.of([steady(picture)]):
                    task.log.data(as_json(picture))
            elif watching and task.log.live:
                task.log.show(*lines(picture, here))
            else:
                task.log.steps(changes.of(lines(picture, here, ages=not watching)))

        if watching:
            watch(look, show, task.wait)
        show(look.take())


def _subjects(names: list[str], files: list[Path], task: Task) -> Subjects:
    subjects = Subjects(everything=not names and not files)
    finder = Finder(task.aws, subjects)
    for name in names:
        if not name.endswith(PIPELINE_FILES):
            finder.find(name)
    for file in [*files, *(Path(name) for name in names if name.endswith(PIPELINE_FILES))]:
        # What reads pipelines is needed for them only.
        from tasks.looking.pipeline_file import find_in_file  # noqa: PLC0415

        find_in_file(file, task.aws.region, finder, subjects)
    finder.find_around()
    return subjects
