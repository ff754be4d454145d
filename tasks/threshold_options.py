"""What traffic is held to, as options: each limit by its own name, or a file of them."""

from pathlib import Path
from typing import Annotated

from tasks.options import option

MaxErrors = Annotated[
    int | None, option("--max-errors", "Failed samples allowed; 0 unless a rate is allowed.", min=0)
]
MaxErrorRate = Annotated[
    float | None, option("--max-error-rate", "Failed samples allowed, in percent.", min=0, max=100)
]
MaxGap = Annotated[float | None, option("--max-gap", "Seconds allowed in which no request succeeds.", min=0)]
P50 = Annotated[float | None, option("--p50", "Milliseconds that half of the answers may take.", min=0)]
P90 = Annotated[float | None, option("--p90", "Milliseconds that 90 % of the answers may take.", min=0)]
P95 = Annotated[float | None, option("--p95", "Milliseconds that 95 % of the answers may take.", min=0)]
P99 = Annotated[float | None, option("--p99", "Milliseconds that 99 % of the answers may take.", min=0)]
MinThroughput = Annotated[
    float | None, option("--min-throughput", "Requests per second that must succeed.", min=0)
]
MinSamples = Annotated[
    int | None, option("--min-samples", "Samples there must be; at least 1 in any case.", min=1)
]
ThresholdFile = Annotated[
    Path | None,
    option(
        "--thresholds",
        "YAML file of the same limits by name, and under 'labels' for samples of a label; options win.",
        dir_okay=False,
    ),
]
