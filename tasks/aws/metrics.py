"""What CloudWatch keeps of a load balancer, as far as a deployment asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One of CloudWatch's figures, and what people call it."""

    name: str
    words: str
    statistic: str = "Sum"


@dataclass(frozen=True)
class MetricSource:
    """Where CloudWatch keeps a load balancer's figures.

    Args:
        dimensions: What tells this load balancer from others.
        requests: Has data whenever there was any traffic.
        failures: What users lost; these have data only where they are not zero.
    """

    namespace: str
    dimensions: Mapping[str, str]
    requests: Metric
    failures: tuple[Metric, ...]
