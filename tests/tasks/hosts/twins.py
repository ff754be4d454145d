"""One scenario on both kinds of host: what holds on one holds on the other, and nothing else differs."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from itertools import zip_longest

import pytest

from tests.tasks.hosts.host import Host
from tests.tasks.hosts.story import Account, Story


@dataclass(frozen=True)
class Hosts:
    """Hosts by what their scripts are written in; sh is always there."""

    of: Mapping[str, Host]

    def both(self, scenario: Callable[[Story], None]) -> None:
        """Run it on each, with all that it asserts, and compare what every step came to."""
        stories = {kind: Story(host) for kind, host in self.of.items()}
        for kind, story in stories.items():
            sys.stderr.write(f"on {kind}:\n")
            scenario(story)
        if "powershell" not in stories:
            pytest.skip(
                "it held on sh; there is no PowerShell on PATH to hold against it: install one (pwsh)"
            )
        if found := difference(stories["sh"].accounts, stories["powershell"].accounts):
            pytest.fail(found, pytrace=False)


def on_both(scenario: Callable[[Story], None]) -> Callable[[Hosts], None]:
    """Make a test of a scenario, which is told as a story of one host."""

    @wraps(scenario)
    def test(hosts: Hosts) -> None:
        hosts.both(scenario)

    # Or pytest would look for a fixture named story.
    del test.__wrapped__
    return test


def difference(shell: Sequence[Account], powershell: Sequence[Account]) -> str:
    """Return the first difference and the steps that lead to it; empty if there is none."""
    for number, (one, other) in enumerate(zip_longest(shell, powershell)):
        if one == other:
            continue
        steps = [each.step for each in (shell if one else powershell)[: number + 1]]
        lines = [f"{count}. {step}" for count, step in enumerate(steps, 1)]
        if one and other:
            lines += differing(one, other) + differing(one.stands, other.stands)
        else:
            lines.append(f"and {'PowerShell' if one else 'sh'} took no such step")
        return "\n".join(["the two scripts differ:", *lines])
    return ""


def differing(one: object, other: object) -> list[str]:
    """Return what two of a kind differ in, but for what has fields of its own."""
    lines = []
    for name in (each.name for each in fields(one) if each.name != "stands"):  # type: ignore[arg-type]
        ours, theirs = getattr(one, name), getattr(other, name)
        if isinstance(ours, dict):
            common = ours.items() & theirs.items()
            ours, theirs = (dict(sorted(each.items() - common)) for each in (ours, theirs))
        if ours != theirs:
            lines.append(f"  {name}:\n    sh:         {ours!r}\n    PowerShell: {theirs!r}")
    return lines
