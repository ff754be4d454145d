"""Show what runs after what in pipeline files."""

from enum import Enum
from pathlib import Path
from typing import Annotated

from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused, TaskError
from tasks.running.next_command import gocd_tasks


class Form(str, Enum):
    TEXT = "text"
    SVG = "svg"


def command(
    files: Annotated[
        list[Path], argument("FILE...", "Pipelines as code, the .gocd.yaml files of one repository.")
    ],
    form: Annotated[
        Form | None, option("--format", "By default svg for an --out with this ending, and text for others.")
    ] = None,
    out: Annotated[
        Path | None, option("--out", "The file to write, in place of showing it.", dir_okay=False)
    ] = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Show the stages and jobs of pipelines, the gates between them, and what they take of each other.

    Example: gocd-tasks pipeline graph pipelines/staging.gocd.yaml --out staging.svg
    """
    with running("pipeline", None, color) as task:
        # No other command has use for what it needs.
        from gocd.files import write_whole  # noqa: PLC0415
        from gocd.graph.flow import flows_of  # noqa: PLC0415
        from gocd.graph.picture import picture_of  # noqa: PLC0415
        from gocd.graph.text import text_of  # noqa: PLC0415
        from gocd.reading.pipelines import read_files  # noqa: PLC0415

        if out and out.resolve() in [file.resolve() for file in files]:
            raise Refused(f"--out {out} is the pipeline itself", "Name another file")
        reading = read_files(files)
        if reading.errors:
            again = gocd_tasks("pipeline", "lint", *map(str, files))
            raise Refused(f"{reading.errors[0]}", f"For all that is wrong: {again}")
        if not reading.pipelines:
            raise Refused(f"there is no pipeline in {', '.join(map(str, files))}")
        flows = flows_of(reading.pipelines)
        is_svg = form is Form.SVG or (form is None and out is not None and out.suffix.lower() == ".svg")
        lines = picture_of(flows).splitlines() if is_svg else text_of(flows)
        if out is None:
            task.log.steps(lines)
            return
        try:
            write_whole(out, "\n".join([*lines, ""]))
        except OSError as problem:
            raise TaskError(f"{out} cannot be written: {problem.strerror}") from None
        task.log.say(f"graph: {out}")
