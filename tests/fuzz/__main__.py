"""All fuzz tests in turn, over and over, each time with another seed, until the time is up or one fails."""

import argparse
import importlib
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, is_hypothesis_test, seed, settings

from tests.fuzz.bounds import PHASES

# Examples of one test before the next one has its turn.
EXAMPLES = 200

# Calls of a failure that are shown, from the inmost.
INMOST = 6


def fuzz_tests() -> Iterator[tuple[str, Callable[[], None]]]:
    """Give every test of this folder that takes examples, by its name."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module: Any = importlib.import_module(f"tests.fuzz.{file.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_") and is_hypothesis_test(test):
                yield f"{file.name}::{name}", test


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", default="", help="Tests with this in their names.")
    given = parser.parse_args()
    # Before the tests are imported: each takes its settings then.
    settings.register_profile(
        "fuzz",
        database=None,
        deadline=None,
        max_examples=EXAMPLES,
        report_multiple_bugs=False,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("fuzz")
    tests = [(name, test) for name, test in fuzz_tests() if given.only in name]
    until, turn, failed = time.monotonic() + given.seconds, given.seed, set[str]()
    sys.stdout.write(f"seed {given.seed}\n")
    while time.monotonic() < until and len(failed) < len(tests):
        for name, test in tests:
            if name not in failed and time.monotonic() < until and not _passes(name, test, turn):
                failed.add(name)
        turn += 1
    sys.stdout.write(
        f"{turn - given.seed} turns of up to {EXAMPLES} examples of each of {len(tests)} tests\n"
    )
    sys.exit(f"failed: {', '.join(sorted(failed))}" if failed else 0)


def _passes(name: str, test: Callable[[], None], turn: int) -> bool:
    began = time.monotonic()
    try:
        seed(turn)(test)()
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
        sys.stdout.write(f"\n{name} fails; again: make fuzz SEED={turn} ONLY={name.partition('::')[2]}\n")
        sys.stdout.write(f"{traceback.format_exc(limit=-INMOST)}\n")
        return False
    finally:
        sys.stdout.flush()
    sys.stdout.write(f"seed {turn}  {time.monotonic() - began:5.1f} s  {name}\n")
    return True


if __name__ == "__main__":
    main()
