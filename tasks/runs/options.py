"""The options that commands share which ask a GoCD server."""

from typing import Annotated

from tasks.options import argument, option
from tasks.running.numbers import seconds

GoCDAddress = Annotated[
    str | None,
    option(
        "--server",
        "The GoCD server, such as https://gocd.example.com/go; by default that of the running job.",
    ),
]
CaBundle = Annotated[
    str | None, option("--ca-bundle", "CAs to trust for the GoCD server, a file or folder in PEM.")
]
PipelineName = Annotated[str, argument("NAME", "The pipeline's name.")]
Watch = Annotated[bool, option("--watch", "Then watch the run, as pipeline watch does.")]
WatchTimeout = Annotated[
    float | None,
    option("--timeout", "Seconds to wait for the run; by default 600, or watching, a day.", seconds()),
]
