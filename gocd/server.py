"""What a GoCD server knows of its stages, asked over its REST API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from gocd.json_text import read_json

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
    token: str
    patience: float = PATIENCE

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> GoCDServer | None:
        """The server of the running job, if there is also a token for it (GOCD_ACCESS_TOKEN)."""
        url, token = environ.get("GO_SERVER_URL", ""), environ.get("GOCD_ACCESS_TOKEN", "")
        return cls(url.rstrip("/"), token) if url.startswith(("http://", "https://")) and token else None

    def stage_is_over(self, pipeline: str, counter: int, stage: str, stage_counter: int) -> bool | None:
        """Whether every job of that run of the stage has completed; None if the server does not say.

        Source: https://api.gocd.org/current/#get-stage-instance (version 3; it has no status of its own).
        """
        # Most commands never ask, and this costs a tenth of a second.
        import requests  # noqa: PLC0415

        from gocd import web  # noqa: PLC0415

        def with_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
            # As a plain header, an entry in ~/.netrc would take its place.
            request.headers["Authorization"] = f"Bearer {self.token}"
            return request

        where = "/".join(quote(str(part), safe="") for part in (pipeline, counter, stage, stage_counter))
        try:
            # Wherever it led, the token would not be for there.
            answer = web.get(
                f"{self.url}/api/stages/{where}",
                seconds=self.patience,
                headers={"Accept": "application/vnd.go.cd.v3+json"},
                auth=with_token,
            )
            if answer.status != 200:
                return None
            states = [job["state"] for job in read_json(answer.body)["jobs"]]
        except (requests.RequestException, ValueError, KeyError, TypeError):
            return None
        return all(state == "Completed" for state in states) if states else None
