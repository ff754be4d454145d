"""What a GoCD server complains of, as at the bottom of its pages.

Source: api.gocd.org, "Get server health messages"; in GoCD's own code ServerHealthMessagesRepresenter.
"""

from __future__ import annotations

import re
from typing import Any

from gocd.client.asking import Server
from gocd.client.fields import NotAsPromised, fields, text

# Characters of one that are shown.
SHOWN = 300


def complaints(server: Server, about: str) -> list[str]:
    """Return those that name *about*, such as why a run that it took on did not begin."""
    answer: Any = server.get("server_health_messages", version=1).value
    if not isinstance(answer, list):
        raise NotAsPromised("it has no list of messages")
    found = []
    for each in answer:
        message = fields(each, "a message")
        words = f"{text(message, 'message')}: {text(message, 'detail')}"
        if re.search(rf"(?<![\w.-]){re.escape(about)}(?![\w.-])", words, re.I):
            # They may hold links, for the page that they are made for.
            found.append(" ".join(re.sub(r"<[^>]{0,500}>", "", words).split()).strip(": ")[:SHOWN])
    return found
