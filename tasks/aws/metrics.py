"""What CloudWatch keeps of a load balancer, as far as a deployment asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Metric:
    """One of CloudWatch's figures, and what people call it.

    Args:
        whole: Whether it is counted for the load balancer as a whole, and not for each of its target groups.
    """

    name: str
    words: str
    statistic: str = "Sum"
    whole: bool = True


@dataclass(frozen=True)
class MetricSource:
    """Where CloudWatch keeps a load balancer's figures.

    Args:
        dimensions: What tells this load balancer from others.
        requests: Has data whenever there was any traffic.
        failures: What users lost; these have data only where they are not zero.
        told: What is worth a word and may well be more than zero while instances come and go.
        group: What tells a target group from others of the load balancer, for what is counted for each.
        balancer: The load balancer's own name, where that is a group's.
        lasting: What has data as long as traffic that began before lasts.
    """

    namespace: str
    dimensions: Mapping[str, str]
    requests: Metric
    failures: tuple[Metric, ...]
    group: Mapping[str, str] = field(default_factory=dict)
    balancer: str = ""
    told: tuple[Metric, ...] = ()
    lasting: tuple[Metric, ...] = ()

    def of_the_whole(self) -> "MetricSource":
        """Return where the figures are that there are of the load balancer as a whole only."""
        return replace(
            self,
            requests=replace(self.requests, whole=True),
            failures=tuple(each for each in self.failures if each.whole),
            told=tuple(each for each in self.told if each.whole),
            group={},
        )

    def of_the_group(self) -> "MetricSource":
        """Return where the figures of this target group alone are."""
        return replace(
            self,
            failures=tuple(each for each in self.failures if not each.whole),
            told=tuple(each for each in self.told if not each.whole),
            lasting=tuple(each for each in self.lasting if not each.whole),
        )

    def dimensions_of(self, metric: Metric) -> dict[str, str]:
        return {**self.dimensions, **({} if metric.whole else self.group)}
