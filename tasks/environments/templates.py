"""What a stack is made from: its template, and those of the stacks nested in it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.aws.stack import NESTED, Stack
from tasks.aws.template import read_template
from tasks.environments.doors import doors
from tasks.environments.fixed_names import Names

# What of a template and its resources is told, in words.
Told = Callable[[Mapping[str, Any], Collection[str]], Iterator[str]]


@dataclass(frozen=True)
class Part:
    """One template.

    Args:
        within: What goes before the names of its resources: empty, or the nested stack's own and a dot.
        names: What tells its fixed names.
        present: The resources of it that there are.
    """

    within: str
    names: Names
    present: Collection[str]

    def told(self, words: Told) -> Iterator[str]:
        """Yield what *words* tell of it."""
        return (f"{self.within}{each}" for each in words(self.names.template, self.present))

    def doors(self) -> Iterator[str]:
        return (f"{self.within}{each}" for each in doors(self.names, self.present))

    def fixed(self) -> Iterator[str]:
        return (f"{self.within}{each}" for each in self.names.found(self.present))


def parts_of(stack: Stack, changed: Collection[str] = (), within: str = "") -> Iterator[Part]:
    """Yield the template of a stack, and of every stack in it, as macros have left them.

    Args:
        changed: The parameters that a clone would have other values for.
    """
    template = read_template(stack.template(processed=bool(stack.transforms)), stack.name)
    resources = [each for each in stack.resources() if each.id]
    # Another parameter may be a condition's, and make what there is not.
    present = set(template["Resources"]) if changed else {each.logical_id for each in resources}
    part = Part(within, Names(template, changed, stack.identifiers), present)
    yield part
    for each in resources:
        child = stack.child(each) if each.type == NESTED else None
        if child:
            given = (template["Resources"].get(each.logical_id, {}).get("Properties") or {}).get("Parameters")
            other = {name for name, value in (given or {}).items() if not part.names.is_fixed(value)}
            yield from parts_of(child, other, f"{within}{each.logical_id}.")
