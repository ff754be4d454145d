"""Ask a GoCD server for its verdict on pipeline files."""

from pathlib import Path
from typing import Annotated

import typer

from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.runs import options as on_server

# What GoCD says where a pipeline is there already (PipelineConfig, in its own code).
DEFINED_TWICE = "You have defined multiple pipelines called"


def command(
    files: Annotated[
        list[Path], argument("FILE...", "Pipelines as code, all .gocd.yaml files of one repository.")
    ],
    repo: Annotated[
        str | None,
        option(
            "--repo",
            "Id of the config repository that they are in: they are judged in place of what it has.",
        ),
    ] = None,
    server: on_server.GoCDAddress = None,
    ca_bundle: on_server.CaBundle = None,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Have a GoCD server judge pipeline files, all of them together, before they are committed.

    GOCD_ACCESS_TOKEN, or GOCD_USER and GOCD_PASSWORD, are an administrator's. Exit 1 if they are not valid.

    Example: gocd-tasks pipeline preflight pipelines/staging.gocd.yaml --server https://gocd.example.com/go
    """
    with running("pipeline preflight", events, color) as task:
        # No other command has use for what they need.
        from gocd.client.preflight import preflight  # noqa: PLC0415
        from tasks.runs.connect import asking, connected  # noqa: PLC0415
        from tasks.runs.verdict import placed  # noqa: PLC0415

        contents = {str(each): read(each) for each in files}
        gocd = connected(server, ca_bundle)
        with asking(f"config repository {repo}" if repo else ""):
            verdict = preflight(gocd, list(contents.items()), repo or "")
        texts = {name: content.decode("utf-8", "replace") for name, content in contents.items()}
        task.log.steps(placed(verdict.errors, texts))
        if not repo and any(DEFINED_TWICE in each for each in verdict.errors):
            task.log.say(
                "If that is the one that these are to take the place of, name its repository: --repo ID"
            )
        named = ", ".join(contents) if len(contents) < 5 else f"{len(contents)} files"
        task.log.say(f"{named}: {'valid' if verdict.valid else 'not valid'} for {gocd.url}")
        if not verdict.valid:
            raise typer.Exit(1)


def read(file: Path) -> bytes:
    from gocd.files import read_bounded  # noqa: PLC0415

    try:
        return read_bounded(file)
    except OSError as problem:
        raise Refused(f"{file} cannot be read ({problem.strerror or problem})") from None
