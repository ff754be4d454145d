"""What a pipeline file is about, by its own command lines."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gocd.reading.pipelines import read_pipelines
from gocd.task_calls import TaskCall, task_calls
from tasks.aws.balancer_lookup import ALL
from tasks.looking.subjects import Finder, Subjects
from tasks.running.errors import Refused
from tasks.status.pairs import read_pairs

# The tasks whose first argument is an instance.
ON_INSTANCES = ("detach-instance", "attach-instance", "deploy-artifact", "check-status")
ON_BALANCERS = ("detach-instance", "attach-instance", "rolling-deploy")


def find_in_file(path: Path, region: str, finder: Finder, subjects: Subjects) -> None:
    """Add what the calls of a file's pipelines name, as much of it as there is.

    Args:
        region: Where AWS is looked at.

    Raises:
        GoCDError: GoCD would refuse the file.
        Refused: It is for another region, or nothing that it names is there.
    """
    calls = [call for pipeline in read_pipelines(path) for call in task_calls(pipeline)]
    _refuse_other_region(path, calls, region)
    wanted = list(dict.fromkeys(name for call in calls for name in _named(call)))
    absent = []
    for name in wanted:
        try:
            finder.find(name)
        except Refused as nothing:
            absent.append((name, nothing))
    if wanted and len(absent) == len(wanted):
        raise Refused(f"nothing that {path} names is there: {absent[0][1].what}", absent[0][1].advice)
    subjects.absent += [f"{name}: named in {path}, and not there" for name, _ in absent]
    subjects.records += [name for call in calls for name in call.values("--record")]
    subjects.locks += [name for call in calls for name in _locks(call)]
    if not subjects.status_url:
        subjects.status_url = next((url for call in calls if (url := call.value("--status-url"))), "")
    pairs = [pair for call in calls for pair in call.values("--expect-json") if "=" in pair]
    subjects.fields = subjects.fields or tuple(read_pairs("--expect-json", pairs, "KEY=VALUE"))


def _named(call: TaskCall) -> Iterator[str]:
    if call.task in ON_BALANCERS:
        yield from (name for name in call.values("--load-balancer") if name != ALL)
    elif call.task == "switch-traffic":
        # Of a listener, the load balancer.
        yield from (name.rpartition(":")[0] or name for name in call.values("--load-balancer"))
    if call.task in ON_INSTANCES:
        yield from call.values("--instance") if call.task == "check-status" else call.positionals[:1]


def _locks(call: TaskCall) -> Iterator[str]:
    if call.task == "lock":
        yield from call.positionals[1:2]
    yield from (name for name in call.values("--lock") if name not in ("auto", "none"))


def _refuse_other_region(path: Path, calls: Sequence[TaskCall], region: str) -> None:
    named = {call.variables["AWS_REGION"] for call in calls if call.variables.get("AWS_REGION")}
    if named and region not in named:
        other = sorted(named)[0]
        raise Refused(f"{path} is for {other}, and this looks at {region}", f"Set AWS_REGION={other}")
