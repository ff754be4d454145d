"""Traffic judged: of a plan that JMeter runs now, or of finished runs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gocd.files import make_folder, write_whole
from gocd.report import verdict as page
from gocd.report.page import write_report
from gocd.report.traffic import Traffic, first_lost
from gocd.samples.asked import Asked, asked_for
from gocd.samples.jtl import UnreadableJtl
from gocd.samples.limits import RULES, Thresholds
from gocd.samples.measurement import Measurement, measure
from gocd.samples.threshold_file import read_thresholds
from gocd.samples.verdict import Criterion, Verdict, headline, judge, unreadable, went_wrong
from gocd.samples.verdict_files import junit_xml, verdict_json
from tasks.running.errors import Refused, TaskError
from tasks.running.log import Log
from tasks.running.waiting import Wait
from tasks.traffic.jmeter.found import JMeter
from tasks.traffic.jmeter.recording import Recording, errors_logged, record

VERDICT, JUNIT, REPORT = "verdict.json", "junit.xml", "report.html"


def thresholds_of(file: Path | None, given: dict[str, float | None]) -> Thresholds:
    """Return the limits of *file*, and over them those *given* by name.

    Raises:
        Refused: A limit is not a number that makes sense.
        GoCDError: The file says something that is not a limit.
    """
    stated = {name: limit for name, limit in given.items() if limit is not None}
    for name, limit in stated.items():
        if problem := RULES[name].problem(limit):
            raise Refused(f"--{name} {problem}")
    from_file = read_thresholds(file) if file else Thresholds()
    return Thresholds({**from_file.overall, **stated}, from_file.labels)


Counts = Callable[[Measurement | None], list[Criterion]]


def verify_plan(
    recording: Recording,
    jmeter: JMeter,
    thresholds: Thresholds,
    duration: float | None,
    counts: Counts,
    wait: Wait,
) -> None:
    """Run the plan and judge its samples.

    Args:
        duration: The seconds that it was to take, from its first request on; None if nobody asked.
        counts: Returns what the load balancer itself says of the time that was measured.

    Raises:
        TaskError: JMeter could not do its work, or the samples do not keep to *thresholds*.
    """
    log = wait.log
    log.say(jmeter.title)
    problem = record(recording, jmeter, wait)
    broken = [went_wrong("jmeter", problem)] if problem else []
    verdict = judged([recording.jtl], thresholds, counts, broken, duration=duration)
    if any(criterion.limit is None for criterion in verdict.failed) or not _samples_in(verdict):
        for line in errors_logged(recording.out):
            log.say(f"jmeter.log: {line}")
    conclude(verdict, recording.out, log)


def verify_jtls(
    jtls: list[Path], thresholds: Thresholds, duration: float | None, counts: Counts, out: Path, log: Log
) -> None:
    """Judge the samples of finished runs, read side by side as one, that were to take *duration* seconds.

    Raises:
        TaskError: A file cannot be judged, or the samples do not keep to *thresholds*.
    """
    conclude(judged(jtls, thresholds, counts, [], duration=duration), out, log)


def judged(
    jtls: list[Path],
    thresholds: Thresholds,
    counts: Counts,
    broken: list[Criterion],
    until: float | None = None,
    duration: float | None = None,
    since: float | None = None,
) -> Verdict:
    """Hold what was recorded to *thresholds*.

    Args:
        broken: What went wrong beside it.
        until: Seconds since 1970 up to which there was to be traffic; by default the end of the last sample.
        duration: Seconds from the first request on that there was to be traffic, if nobody knows the end.
        since: Seconds since 1970 from which on gaps count; by default with the first request.
    """
    measurement: Measurement | None = None
    try:
        measurement = measure(*jtls, gaps_from=since)
    except (UnreadableJtl, OSError) as problem:
        # Where JMeter failed there is often no file; what went wrong with JMeter says it all.
        if not (broken and isinstance(problem, FileNotFoundError)):
            broken = [*broken, unreadable(problem)]
    verdict = judge(measurement, thresholds, broken, _asked(measurement, until, duration, since))
    return replace(verdict, criteria=(*verdict.criteria, *counts(measurement)))


def _asked(
    measurement: Measurement | None, until: float | None, duration: float | None, since: float | None
) -> Asked | None:
    if measurement is None or measurement.first_at is None:
        return None
    if until is not None:
        return Asked(since or measurement.first_at, until)
    return asked_for(duration, measurement.first_at) if duration else None


def _samples_in(verdict: Verdict) -> int:
    return verdict.measurement.sent if verdict.measurement else 0


def conclude(verdict: Verdict, out: Path, log: Log) -> None:
    """Tell the verdict and leave its evidence; a failed one ends the task."""
    passed = "passed" if verdict.passed else "failed"
    try:
        leave_evidence(verdict, out)
    except OSError as problem:
        log.stands(
            f"the traffic {passed}, and of its evidence not all is in {out}", "Make room and judge it again"
        )
        raise TaskError(f"{problem.filename} cannot be written ({problem.strerror})") from None
    tell(verdict, log)
    figures = verdict.measurement
    log.event(
        "judged",
        passed=verdict.passed,
        samples=_samples_in(verdict),
        lost=figures.lost if figures else None,
        longest_gap_s=figures.longest_gap_s if figures else None,
        p95_ms=figures.p95_ms if figures else None,
        verdict=str(out / VERDICT),
    )
    if not verdict.passed:
        advice = "Find out why before this release goes on"
        log.stands(f"{out / REPORT} shows it, beside {VERDICT} and {JUNIT}", advice)
        raise failing(verdict)
    log.say(f"verify: passed, all {len(verdict.criteria)} criteria; the evidence is in {out}")


def tell(verdict: Verdict, log: Log) -> None:
    """Say what was measured, and each criterion that failed or could not be judged."""
    if verdict.measurement:
        log.say(f"verify: {headline(verdict.measurement)}")
    for criterion in verdict.criteria:
        if not criterion.passed:
            log.say(f"verify: failed: {criterion.subject}")
        elif criterion.measured is None and criterion.limit is not None:
            log.say(f"verify: {criterion.subject}")


def failing(verdict: Verdict, when: str = "") -> TaskError:
    """Return the error of a verdict that failed."""
    counted = f"{len(verdict.failed)} of {len(verdict.criteria)} criteria"
    return TaskError(f"{verdict.of} failed {counted}{when}, the first: {verdict.failed[0].subject}")


def leave_evidence(verdict: Verdict, out: Path) -> None:
    """Write what a verdict leaves for other programs and for GoCD's tabs."""
    write_whole(out / VERDICT, verdict_json(verdict))
    write_whole(out / JUNIT, junit_xml(verdict))
    figures = verdict.measurement
    shown = []
    if figures and figures.sent:
        files = [Path(file.path) for file in figures.files]
        lost = first_lost(files[0]) if figures.lost and len(files) == 1 else ()
        shown = [Traffic(", ".join(file.name for file in files), figures, lost)]
    write_report(
        out,
        verdict=page.Conclusion(sentence(verdict), good=verdict.passed),
        traffic=shown,
        title="Traffic verified",
        notes=[each.subject for each in verdict.failed],
        criteria=verdict.criteria,
    )


def sentence(verdict: Verdict) -> str:
    """Return the verdict in one sentence."""
    of = f"T{verdict.of[1:]}"
    if verdict.passed:
        return f"{of} passed all {len(verdict.criteria)} criteria."
    return f"{of} failed {len(verdict.failed)} of {len(verdict.criteria)} criteria."


def ready(out: Path) -> None:
    """Make the folder, and take away an earlier verdict: until there is a new one there is none.

    Raises:
        Refused: It cannot be written.
    """
    try:
        make_folder(out)
        earlier = [out / name for name in (VERDICT, JUNIT, REPORT)]
        for each in earlier:
            if each.is_dir():
                raise Refused(f"--out {out} cannot be written: {each.name} is a folder there")
        for each in earlier:
            each.unlink(missing_ok=True)
    except OSError as problem:
        raise Refused(f"--out {out} cannot be written ({problem.strerror})") from None
