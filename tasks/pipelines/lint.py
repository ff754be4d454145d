"""Look through pipeline files as GoCD would, before it does."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color


class Format(str, Enum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def command(
    files: Annotated[
        list[Path], argument("FILE...", "Pipelines as code, the .gocd.yaml files of one repository.")
    ],
    form: Annotated[
        Format, option("--format", "text is a line a finding, github one for the page of a change there.")
    ] = Format.TEXT,
    strict: Annotated[bool, option("--strict", "Fail because of warnings, too.")] = False,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Say what GoCD would refuse in pipeline files, and what it takes and does not do as they say.

    Nothing runs, no server and no AWS is asked. Exit 1 if there are errors.

    Example: gocd-tasks pipeline lint pipelines/staging.gocd.yaml
    """
    with running("pipeline", None, color) as task:
        # No other command has use for what it needs.
        from gocd.finding import Level  # noqa: PLC0415
        from gocd.lint.files import lint  # noqa: PLC0415
        from gocd.lint.formats import lines, summary  # noqa: PLC0415
        from tasks.pipelines.program import program  # noqa: PLC0415

        findings = lint(files, program())
        task.log.steps(lines(findings, form.value))
        if form is not Format.JSON:
            task.log.say(summary(findings, len(set(files))))
        failed = any(strict or each.level is Level.ERROR for each in findings)
    if failed:
        raise typer.Exit(1)
