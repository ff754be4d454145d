"""Write a site's own pipeline file from a template, for any machines and load balancers."""

from collections.abc import Iterable
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

from gocd.errors import GoCDError
from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.next_command import gocd_tasks
from tasks.running.numbers import count
from tasks.status.pairs import read_pairs


def command(
    template: Annotated[
        str, argument("TEMPLATE", "One of staging, production, rolling, herd-upgrade, blue-green.")
    ],
    words: options.Words = None,
    instances: Annotated[
        str | None,
        option(
            "--instances",
            "staging, production: the machines, in their order: ids, Name tags, private IPs or DNS names, "
            "commas between.",
        ),
    ] = None,
    load_balancer: Annotated[
        list[str] | None,
        option("--load-balancer", "The load balancer that they are behind, by name or ARN; repeatable."),
    ] = None,
    via: Annotated[
        str | None, option("--via", "How a release is placed: ssm, codedeploy, or command with -- CMD.")
    ] = None,
    name: Annotated[str | None, option("--name", "Of the pipeline; by default the template's.")] = None,
    group: Annotated[
        str | None, option("--group", "The pipeline group that it is in; by default deployment.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        option("--parameter", "NAME=VALUE of a parameter at the top of the file; repeatable."),
    ] = None,
    format_version: Annotated[
        int | None,
        option(
            "--format-version",
            "That of the other files of the config repository; by default 10.",
            count(1, 11),
        ),
    ] = None,
    automatic: Annotated[
        bool | None,
        option(
            "--automatic/--by-hand",
            "Whether a build that passes starts a run; by default a person does.",
        ),
    ] = None,
    out: Annotated[
        Path | None, option("--out", "The file; by default the pipeline's name and .gocd.yaml, here.")
    ] = None,
    diff: Annotated[bool, option("--diff", "Show what would change, and write nothing.")] = False,
    force: Annotated[
        bool, option("--force", "Write the file anew, without what was changed in it by hand.")
    ] = False,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Write a site's own pipeline file from a template.

    The file says what it was made with. Run again, what is not said stays as it was, what follows from other
    values is changed, and what was changed by hand is kept; where both are about one line it is refused.

    Example: gocd-tasks pipeline new staging --instances Web-1,Web-2,Web-3 --load-balancer web
    """
    with running("pipeline", None, color) as task:
        # No other command has use for what it needs.
        from gocd.finding import Level  # noqa: PLC0415
        from gocd.templates.again import make  # noqa: PLC0415
        from gocd.templates.file import content_of, doubts_there, findings_in, put  # noqa: PLC0415
        from gocd.templates.machines import counted  # noqa: PLC0415
        from gocd.templates.notices import notices  # noqa: PLC0415
        from gocd.templates.text import FORMAT_VERSION, gate_of  # noqa: PLC0415
        from gocd.templates.values import Values  # noqa: PLC0415
        from tasks.pipelines.program import program  # noqa: PLC0415

        for word, given in (("--name", name), ("--group", group), ("--via", via)):
            if given == "":
                raise Refused(f"{word} cannot be empty")
        asked = Values(
            template,
            name=name or "",
            group=group or "",
            instances=() if instances is None else tuple(each.strip() for each in instances.split(",")),
            load_balancers=tuple(load_balancer or ()),
            via=via or "",
            command=tuple(words or ()),
            format_version=format_version,
            automatic=automatic,
            parameters=read_pairs("--parameter", parameter or []),
        )
        file = out or Path(f"{asked.name or template}.gocd.yaml")
        before = content_of(file)
        try:
            made = make(asked, before, anew=force)
        except GoCDError as problem:
            if before is None:
                raise
            raise Refused(f"{file}: {problem}", _instead(force=force)) from None
        others = doubts_there(file, made.values.format_version or FORMAT_VERSION)
        findings = findings_in(made.text, file, program())
        task.log.steps([*notices(made.values), *others, *map(str, findings)])
        if any(each.level is Level.ERROR for each in findings):
            raise Refused(f"GoCD would refuse {file} as it would be")
        if made.text == before:
            task.log.say(f"{file}: is so already; nothing to do")
        elif diff:
            task.log.steps(_difference(before or "", made.text, file))
            task.log.say(f"{file}: nothing was written")
        else:
            put(file, made.text)
            kept = f", and {counted(made.kept, 'place')} changed by hand kept" if made.kept else ""
            task.log.say(f"{file}: written{kept}; next: {_rehearsal(file, gate_of(made.text))}")


def _rehearsal(file: Path, gate: str) -> str:
    return gocd_tasks("rehearse", str(file), *(("--approve", gate) if gate else ()))


def _instead(*, force: bool) -> str:
    """What to do about a file that stands in the way."""
    elsewhere = "give another --out"
    if force:
        return elsewhere.capitalize()
    return f"Look with --diff --force, and write it anew with --force, or {elsewhere}"


def _difference(before: str, after: str, file: Path) -> Iterable[str]:
    return (
        line.rstrip("\r\n")
        for line in unified_diff(
            before.splitlines(), after.splitlines(), str(file), "as it would be", lineterm=""
        )
    )
