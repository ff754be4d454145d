"""Of what a server complains of, what names a pipeline is found."""

from typing import Any

import pytest
import responses

from gocd.client.asking import Server
from gocd.client.fields import NotAsPromised
from gocd.client.health import complaints

MESSAGES = "https://gocd.example.com/go/api/server_health_messages"


def ask(answer: Any) -> list[str]:
    with responses.RequestsMock() as mock:
        mock.add(responses.GET, MESSAGES, json=answer)
        found = complaints(Server("https://gocd.example.com/go"), "app")
        # As of ServerHealthMessagesController; another version is none of its.
        assert mock.calls[0].request.headers["Accept"] == "application/vnd.go.cd.v1+json"
    return found


def message(text: str, detail: str = "") -> dict[str, str]:
    return {"message": text, "detail": detail, "level": "ERROR", "time": "2026-01-01T00:00:00Z"}


def test_those_that_name_it_are_told_without_their_links() -> None:
    found = ask(
        [
            message(
                "Failed to trigger pipeline [app]",
                "Modification check failed: <a href='x'>no\n revision 7</a>",
            ),
            message("Failed to trigger pipeline [app-two]"),
            message("Disk is full"),
        ]
    )

    assert found == ["Failed to trigger pipeline [app]: Modification check failed: no revision 7"]


@pytest.mark.parametrize("answer", [{}, ["x"], [{"message": 3}]])
def test_what_is_no_list_of_messages_is_not_taken_for_one(answer: Any) -> None:
    with pytest.raises(NotAsPromised):
        ask(answer)
