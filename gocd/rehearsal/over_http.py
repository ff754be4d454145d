"""A pipeline begun as people and scripts begin it: over the REST API of its server."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from gocd.errors import GoCDError

# Seconds for an answer of a server in this very process.
_PATIENCE = 60.0


class OverHTTP:
    """Gives orders to the server at *url*, whose security is off."""

    def __init__(self, url: str) -> None:
        self._url = url

    def trigger(self, pipeline: str, user: str, variables: Mapping[str, str] | None = None) -> None:
        """Have *pipeline* run soon.

        Raises:
            GoCDError: The server refuses.
        """
        given = [{"name": name, "value": value} for name, value in (variables or {}).items()]
        self._post(f"pipelines/{pipeline}/schedule", 1, {"environment_variables": given})

    def run_stage(self, pipeline: str, counter: int, stage: str, user: str) -> None:
        """Run *stage* of a run that there is.

        Raises:
            GoCDError: The server refuses.
        """
        self._post(f"stages/{pipeline}/{counter}/{stage}/run", 2, None)

    def _post(self, path: str, version: int, document: object) -> None:
        headers = {"Accept": f"application/vnd.go.cd.v{version}+json", "X-GoCD-Confirm": "true"}
        with requests.Session() as session:
            # No proxy of the environment is for loopback.
            session.trust_env = False
            answer = session.post(
                f"{self._url}/api/{path}", json=document, headers=headers, timeout=_PATIENCE
            )
        if not answer.ok:
            raise GoCDError(f"the server refused it: {answer.json().get('message', answer.text)}")
