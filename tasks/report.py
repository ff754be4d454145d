"""Make one page of a rollout and its traffic, from event files and JTLs."""

from collections.abc import Iterator, Sequence
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tasks import options
from tasks.frame import running
from tasks.options import option
from tasks.running.console import Color
from tasks.running.errors import Refused, TaskError
from tasks.running.next_command import gocd_tasks

if TYPE_CHECKING:
    from gocd.report.traffic import Traffic


def command(
    events: Annotated[
        list[str] | None,
        option("--events", "Event files: a file, a folder or a pattern such as 'events/**'; repeatable."),
    ] = None,
    jtl: Annotated[
        list[str] | None,
        option("--jtl", "JMeter's results: a file, a folder or a pattern; repeatable."),
    ] = None,
    out: Annotated[Path, options.folder("--out", "The folder that report.html is written into.")] = Path(
        "report"
    ),
    title: Annotated[str, option("--title", "What the page is about; by default the pipeline's runs.")] = "",
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Make one page of a rollout and its traffic: what it did to its users, and when.

    Example: gocd-tasks report --events events --jtl traffic.jtl --out report
    """
    with running("report", None, color) as task:
        # A page is made seldom; no other command has use for what it needs.
        from gocd.report.page import write_report  # noqa: PLC0415
        from gocd.report.rollout import read_rollout  # noqa: PLC0415
        from gocd.report.verdict import judge  # noqa: PLC0415

        if not (events or jtl):
            raise Refused("give --events or --jtl, or both")
        of_rollout = list(_files("--events", events or [], "*.jsonl"))
        of_traffic = list(_files("--jtl", jtl or [], "*.jtl*"))
        try:
            rollout = read_rollout(of_rollout)
            traffic, problems = _read(of_traffic)
            verdict = judge(traffic, rollout, complete=not problems)
            if of_rollout and not rollout.runs:
                problems.append(f"there is no event in {', '.join(map(str, of_rollout))}")
            page = write_report(
                out,
                verdict=verdict,
                traffic=traffic,
                rollout=rollout,
                title=title,
                notes=[f"{problem}." for problem in problems],
                settings={"Events": ", ".join(events or ["none"]), "JTL": ", ".join(jtl or ["none"])},
                repeat=_again(events or [], jtl or [], out, title),
            )
        except OSError as problem:
            raise TaskError(f"{problem.filename or out}: {problem.strerror}") from None
        task.log.say(f"report: {page}")
        task.log.say(verdict.sentence)
        if problems:
            raise TaskError(f"{'; '.join(problems)}; the page was made without it")


def _files(name: str, given: Sequence[str], usual: str) -> Iterator[Path]:
    """Yield the files that the words of one option mean; GoCD runs commands without a shell.

    Args:
        usual: What the files in a folder are called.

    Raises:
        Refused: A word means no file.
    """
    for word in given:
        path = Path(word)
        if path.is_dir():
            found = sorted(path.rglob(usual))
        elif path.exists() or not has_magic(word):
            found = [path]
        else:
            found = _matching(word)
        if not found or not found[0].exists():
            raise Refused(f"{name} {word}: there is no such file")
        yield from found


def _matching(pattern: str) -> list[Path]:
    anchor = Path(pattern).anchor
    # As in GoCD's own patterns, ** alone means every file below.
    below = pattern[len(anchor) :] + ("/*" if pattern.endswith("**") else "")
    try:
        return sorted(path for path in Path(anchor).glob(below) if path.is_file())
    except ValueError as problem:
        raise Refused(f"{pattern}: {problem}") from None


def _read(jtls: Sequence[Path]) -> "tuple[list[Traffic], list[str]]":
    """Return the traffic of the files, and what is wrong with any of them."""
    from gocd.report.traffic import read_traffic  # noqa: PLC0415
    from gocd.samples.jtl import UnreadableJtl  # noqa: PLC0415

    traffic, problems = [], []
    for jtl in jtls:
        try:
            traffic.append(read_traffic(jtl))
        except UnreadableJtl as problem:
            problems.append(str(problem))
        else:
            if not traffic[-1].measurement.sent:
                problems.append(f"there is no sample in {jtl}")
    return traffic, problems


def _again(events: Sequence[str], jtl: Sequence[str], out: Path, title: str) -> str:
    given = {"--events": events, "--jtl": jtl, "--out": [str(out)], "--title": [title] if title else []}
    words = [word for name, values in given.items() for value in values for word in (name, value)]
    return gocd_tasks("report", *words)
