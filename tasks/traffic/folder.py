"""Where traffic is recorded: whoever begins it, finishes it or asks it means the same folder."""

import os
from collections.abc import Mapping
from pathlib import Path

from gocd.task_variables import variable

# Unless a task was told otherwise.
USUALLY = Path("traffic")


def usual_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that traffic of this job is recorded into."""
    return Path(environ.get(variable("--out")) or USUALLY)
