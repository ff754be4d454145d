"""Send a test plan's traffic with JMeter, or take finished runs of it, and judge what became of it."""

from pathlib import Path
from typing import Annotated

from gocd.samples.measurement import Measurement
from gocd.samples.verdict import Criterion
from tasks import options
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.numbers import Number, count, rate, seconds
from tasks.status.pairs import read_pairs

# GET requests at an even rate; where to is its properties host, port, protocol and path.
READY_PLAN = Path(__file__).parents[1] / "pipelines" / "verify.jmx"

# JMeter's thread groups count in whole ones.
WHOLE_SECONDS = Number("whole seconds", 1, whole=True)


def command(
    plan: Annotated[
        Path | None, argument("PLAN", "The test plan, a .jmx file; else the ready one.", dir_okay=False)
    ] = None,
    jtl: Annotated[
        list[Path] | None,
        option("--jtl", "Judge this finished run instead; repeatable, then judged as one."),
    ] = None,
    max_errors: options.MaxErrors = None,
    max_error_rate: options.MaxErrorRate = None,
    max_gap: options.MaxGap = None,
    p50: options.P50 = None,
    p90: options.P90 = None,
    p95: options.P95 = None,
    p99: options.P99 = None,
    min_throughput: options.MinThroughput = None,
    min_samples: options.MinSamples = None,
    thresholds: options.ThresholdFile = None,
    out: Annotated[Path, options.folder("--out", "Where the evidence is left.")] = Path("traffic"),
    properties: Annotated[
        list[str] | None, option("--property", "NAME=VALUE of a property of the plan; repeatable.")
    ] = None,
    duration: Annotated[
        int | None,
        option(
            "--duration", "Seconds that must be covered, as the plan's property 'duration'.", WHOLE_SECONDS
        ),
    ] = None,
    rate: Annotated[
        float | None, option("--rate", "Requests per second, as the plan's property 'rate'.", rate(0.001))
    ] = None,
    threads: Annotated[
        int | None, option("--threads", "Users at a time, as the plan's property 'threads'.", count(1))
    ] = None,
    dashboard: Annotated[bool, option("--dashboard", "Have JMeter make its own dashboard too.")] = False,
    jmeter: Annotated[
        str | None,
        option(
            "--jmeter",
            "JMeter's program or folder; else JMETER_HOME, the PATH, or the 'jmeter' extra.",
        ),
    ] = None,
    cloudwatch: Annotated[
        list[str] | None,
        option("--cloudwatch", "Also hold this load balancer's own counts of failures to 0; repeatable."),
    ] = None,
    since: Annotated[
        str | None,
        option("--since", "From when those count: a time, or an event file; by default the first sample."),
    ] = None,
    timeout: Annotated[
        float | None,
        option(
            "--timeout",
            "Seconds until JMeter is stopped and has failed; with --start, until its first good answer.",
            seconds(1),
        ),
    ] = None,
    start: Annotated[
        bool, option("--start", "Begin traffic that lasts until --finish; return once it is answered.")
    ] = False,
    finish: Annotated[bool, option("--finish", "End the traffic that --start began, and judge it.")] = False,
    so_far: Annotated[
        bool, option("--judge-so-far", "Judge the traffic that is under way until this moment.")
    ] = False,
    at_most: Annotated[
        float,
        option(
            "--at-most", "With --start: seconds after which it ends by itself, if not finished.", seconds(1)
        ),
    ] = 4 * 3600,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Send a JMeter plan's traffic and judge every sample of it; exit 1 if users would have been hurt.

    Example: gocd-tasks verify-traffic verify.jmx --property host=10.0.0.9 --duration 60 --max-gap 1 --p95 300
    """
    with running("verify-traffic", events, color) as task:
        # Reading and judging samples takes modules that no other command has a use for.
        from tasks.traffic.begun import FIRST_WITHIN, Beginning, begin_traffic  # noqa: PLC0415
        from tasks.traffic.cloudwatch import counted, find_counting, read_since  # noqa: PLC0415
        from tasks.traffic.finished import finish_traffic, judge_so_far  # noqa: PLC0415
        from tasks.traffic.jmeter.found import find_jmeter  # noqa: PLC0415
        from tasks.traffic.jmeter.own_properties import OwnProperties  # noqa: PLC0415
        from tasks.traffic.jmeter.plan import check_plan  # noqa: PLC0415
        from tasks.traffic.jmeter.plan_properties import check_properties  # noqa: PLC0415
        from tasks.traffic.jmeter.recording import Recording  # noqa: PLC0415
        from tasks.traffic.verification import ready, thresholds_of, verify_jtls, verify_plan  # noqa: PLC0415

        limits = thresholds_of(
            thresholds,
            {
                "max-errors": max_errors,
                "max-error-rate": max_error_rate,
                "max-gap": max_gap,
                "p50": p50,
                "p90": p90,
                "p95": p95,
                "p99": p99,
                "min-throughput": min_throughput,
                "min-samples": min_samples,
            },
        )
        first_counted = read_since(since) if since else None
        asked = {"--start": start, "--finish": finish, "--judge-so-far": so_far, "--jtl": bool(jtl)}
        if len(chosen := [name for name, wanted in asked.items() if wanted]) > 1:
            raise Refused(f"{chosen[0]} and {chosen[1]} do not go together")
        if plan and jtl:
            raise Refused("give either a plan to run or, with --jtl, finished runs to judge")
        if so_far:
            judge_so_far(out, task.wait)
            return
        balancers = find_counting(task.aws, cloudwatch) if cloudwatch else []

        def counts(measurement: Measurement | None) -> list[Criterion]:
            if not balancers:
                return []
            return counted(task.aws, balancers, first_counted, measurement, task.wait.clock.wall())

        if finish:
            finish_traffic(out, limits, counts, task.wait)
            return
        if jtl:
            ready(out)
            verify_jtls(jtl, limits, duration, counts, out, task.log)
            return
        plan = plan or READY_PLAN
        numbers = {"duration": duration, "rate": rate, "threads": threads}
        given = {name: f"{number:.15g}" for name, number in numbers.items() if number is not None}
        if start and duration is not None:
            raise Refused("--start takes no --duration: it lasts until --finish", "Bound it with --at-most")
        plan_properties = {**read_pairs("--property", properties or []), **given}
        check_plan(plan)
        found = find_jmeter(jmeter)
        check_properties(plan, plan_properties, given, OwnProperties(found.home))
        if start:
            within = FIRST_WITHIN if timeout is None else timeout
            beginning = Beginning(plan, out, plan_properties, limits, dashboard, at_most, within)
            begin_traffic(beginning, found, task.wait)
            return
        ready(out)
        verify_plan(
            Recording(plan, out, plan_properties, dashboard, timeout),
            found,
            limits,
            duration,
            counts,
            task.wait,
        )
