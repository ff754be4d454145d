"""Of a console, however long, the end is kept, line by line and without the agent's stamps."""

import pytest
import responses

from gocd.client.asking import Server
from gocd.client.consoles import KEPT, end_of_console
from gocd.client.errors import ServerError

CONSOLE = "https://gocd.example.com/go/files/app/12/out/1/deploy/cruise-output/console.log"


def end(body: bytes, status: int = 200) -> str:
    with responses.RequestsMock() as mock:
        mock.add(responses.GET, CONSOLE, body=body, status=status)
        return end_of_console(Server("https://gocd.example.com/go"), "app", 12, "out", 1, "deploy")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        # As of ConsoleOutputTransmitter and TaggedStreamConsumer, and of agents that send no tags.
        (b"&1|12:00:00.001 a\n?1|12:00:00.002 [go] b\n", "a\n[go] b"),
        (b"12:00:00.001 a\nb\n", "a\nb"),
        (b"&1|12:00:00.001 \n", ""),
        (b"\xff\n", "\ufffd"),
        (b"", ""),
    ],
)
def test_lines_are_those_of_the_job(body: bytes, text: str) -> None:
    assert end(body) == text


def test_of_a_long_one_whole_lines_of_its_end_are_kept() -> None:
    lines = end(b"".join(b"&1|12:00:00.001 line %d\n" % number for number in range(200_000))).splitlines()

    assert lines[-1] == "line 199999"
    assert lines[0].startswith("line ")
    assert 2000 < len(lines) < KEPT / 20


def test_one_that_is_not_there_any_more_is_told_so() -> None:
    with pytest.raises(ServerError, match="is unavailable as it may have been purged"):
        end(b"Console log for this job is unavailable as it may have been purged by Go.", 404)
