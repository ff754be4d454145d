"""What CloudWatch keeps of a load balancer, as far as a deployment asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
        group: What tells a target group from others of the load balancer, for what is counted for each.
    """

    namespace: str
    dimensions: Mapping[str, str]
    requests: Metric
    failures: tuple[Metric, ...]
    group: Mapping[str, str] = field(default_factory=dict)

    def dimensions_of(self, metric: Metric) -> dict[str, str]:
        return {**self.dimensions, **({} if metric.whole else self.group)}
