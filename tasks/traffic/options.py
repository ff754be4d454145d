"""The options of whoever asks traffic that is under way, each declared once."""

from pathlib import Path
from typing import Annotated

from tasks.options import option
from tasks.running.numbers import seconds

Traffic = Annotated[
    Path | None,
    option(
        "--traffic",
        "The folder of traffic under way, asked whether users are hurt; by default that of verify-traffic.",
        file_okay=False,
    ),
]
TrafficSettle = Annotated[
    float,
    option(
        "--traffic-settle",
        "Seconds that traffic under way serves at least before it is asked; without any nobody waits.",
        seconds(),
    ),
]
