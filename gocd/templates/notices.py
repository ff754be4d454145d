"""What is worth a word about a pipeline that can be made all the same."""

from __future__ import annotations

from collections.abc import Iterator

from gocd.numbers import whole
from gocd.shown import shown
from gocd.templates.machines import counted, in_order
from gocd.templates.text import parameters_of
from gocd.templates.values import Values

# More than anybody sees on GoCD's page of a pipeline.
_MANY = 20


def notices(values: Values) -> Iterator[str]:
    machines = in_order(values.instances or values.of.machines)
    for machine in machines:
        if not machine.stage.lower().startswith(machine.name.lower()):
            stage = next(iter(machine.stages))
            yield f"{shown(machine.name)}: its stage is called {stage}, as GoCD takes no such name"
    if len(machines) == 1:
        yield (
            f"{shown(machines[0].name)}: is the only machine: unless others serve behind the same load "
            "balancer, it is not taken out (--parameter min_healthy=0, and users have to wait)"
        )
    if len(values.load_balancers) > 1:
        yield (
            "the traffic that is measured goes to traffic_host alone, behind one of the "
            f"{len(values.load_balancers)} load balancers; give the others jobs of their own beside it, with "
            "verify-traffic and --duration"
        )
    if len(machines) > _MANY:
        rest = 2 * len(machines) * (whole(parameters_of(values).get("settle_seconds", "")) or 0)
        yield (
            f"{counted(len(machines), 'machine')}, one after the other: {len(machines) + 3} stages, and "
            f"{rest / 3600:.1f} hours of rest alone; a fleet is rolled out in batches: "
            "gocd-tasks pipeline new rolling"
        )
