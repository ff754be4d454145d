"""The instances that are taken out, deployed to and put back together; often just one."""

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.running.quoting import listed

# Names in one line, before it says how many more there are.
NAMED = 4


@dataclass(frozen=True)
class Batch:
    instances: tuple[Instance, ...]

    def __iter__(self) -> Iterator[Instance]:
        return iter(self.instances)

    def __len__(self) -> int:
        return len(self.instances)

    def without(self, others: "Batch") -> "Batch":
        away = {instance.id for instance in others}
        return Batch(tuple(instance for instance in self.instances if instance.id not in away))

    @property
    def names(self) -> str:
        """For people, for example ``Fleet-1, Fleet-2``; no longer than a line takes."""
        return listed((instance.name for instance in self.instances), NAMED)

    def with_verb(self, one: str, several: str) -> str:
        """Return the names with the verb in the form that fits their number."""
        return f"{self.names} {one if len(self.instances) == 1 else several}"
