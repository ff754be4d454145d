"""The names that a person gives runs and stages, as GoCD writes them: ``production/12/Production-1-out``."""

from gocd.numbers import whole
from tasks.running.errors import Refused


def run_named(given: str) -> tuple[str, int | None]:
    """Return the pipeline and the counter of ``NAME`` or ``NAME/COUNTER``."""
    name, *rest = given.strip().strip("/").split("/")
    if not name or len(rest) > 1:
        raise Refused(
            f"{given!r} names no run", "A run is such as production/12, and production is its newest"
        )
    return name, _counter(rest[0], given) if rest else None


def stage_named(given: str) -> tuple[str, int, str]:
    """Return the pipeline, the counter and the stage of ``NAME/COUNTER/STAGE``."""
    parts = given.strip().strip("/").split("/")
    # As GoCD's own pages have it, with the stage's counter at the end: it is the latest that runs again.
    if len(parts) not in (3, 4) or not all(parts):
        raise Refused(f"{given!r} names no stage of a run", "One is such as production/12/Production-1-out")
    return parts[0], _counter(parts[1], given), parts[2]


def _counter(text: str, given: str) -> int:
    counter = whole(text)
    if not counter:
        raise Refused(f"{given!r} has no counter of a run in it", "A run is such as production/12")
    return counter
