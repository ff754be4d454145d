"""What the GoCD server of the running job knows of others' stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gocd.client.asking import Server
from gocd.client.errors import ServerError
from gocd.client.login import TOKEN, Login
from gocd.client.stages import jobs_of

# Seconds for one answer. Nobody's deployment should wait long for a server that is away.
PATIENCE = 10.0


@dataclass(frozen=True)
class GoCDServer:
    """A server, and an access token of a user that may look at its pipelines.

    Args:
        url: With the path, as GO_SERVER_URL has it: ``https://gocd.example.com/go``.
        patience: Seconds for one answer.
    """

    url: str
    token: str = field(repr=False)
    patience: float = PATIENCE

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> GoCDServer | None:
        """The server of the running job, if there is also a token for it."""
        url, token = environ.get("GO_SERVER_URL", ""), environ.get(TOKEN, "")
        return cls(url.rstrip("/"), token) if url.startswith(("http://", "https://")) and token else None

    def stage_is_over(self, pipeline: str, counter: int, stage: str, stage_counter: int) -> bool | None:
        """Whether every job of that run of the stage has completed; None if the server does not say."""
        try:
            server = Server(self.url, Login(TOKEN, f"Bearer {self.token}"), patience=self.patience)
            jobs = jobs_of(server, pipeline, counter, stage, stage_counter)
        except ServerError:
            return None
        return all(job.is_over for job in jobs) if jobs else None
