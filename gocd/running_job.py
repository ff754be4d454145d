"""The GoCD job this process runs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gocd.numbers import whole


@dataclass(frozen=True)
class RunningJob:
    """What an agent tells its tasks about themselves.

    Source: https://docs.gocd.org/current/faq/dev_use_current_revision_in_build.html
    """

    pipeline: str
    counter: int
    label: str
    stage: str
    stage_counter: int
    name: str
    trigger_user: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> RunningJob | None:
        """The job that *environ* belongs to, or None outside of GoCD.

        An incomplete set, as a shell may have inherited, counts as outside.
        """
        try:
            return cls(
                pipeline=environ["GO_PIPELINE_NAME"],
                counter=_counted(environ["GO_PIPELINE_COUNTER"]),
                label=environ["GO_PIPELINE_LABEL"],
                stage=environ["GO_STAGE_NAME"],
                stage_counter=_counted(environ["GO_STAGE_COUNTER"]),
                name=environ["GO_JOB_NAME"],
                trigger_user=environ.get("GO_TRIGGER_USER", ""),
            )
        except (KeyError, ValueError):
            return None

    @property
    def locator(self) -> str:
        """How GoCD writes this job in paths and pages: ``staging/12/Staging-1/1/deploy``."""
        return f"{self.pipeline}/{self.counter}/{self.stage}/{self.stage_counter}/{self.name}"


def _counted(text: str) -> int:
    counter = whole(text)
    if counter is None:
        raise ValueError(f"{text} is no counter")
    return counter
