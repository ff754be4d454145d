"""Long lists, a page at a time.

Source: GoCD's ApiController.java and PipelineInstanceModelsRepresenter.java
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from gocd.numbers import whole
from gocd.rehearsal.standin_gocd.api.messages import Halt, Request, message


class Numbered(Protocol):
    @property
    def id(self) -> int: ...


Item = TypeVar("Item", bound=Numbered)


def page(request: Request, items: Sequence[Item], name: str, shape: Callable[[Item], Any]) -> dict[str, Any]:
    """The page of *items* that is asked for, the newest first, with links to those beside it.

    Args:
        items: All of them, the oldest first.
        name: What they are called in the answer.
    """
    size = _size(request.query)
    after, before = _cursor(request.query, "after"), _cursor(request.query, "before")
    newest_first = sorted(items, key=lambda item: item.id, reverse=True)
    if after:
        shown = [item for item in newest_first if item.id < after][:size]
    elif before:
        shown = [item for item in newest_first if item.id > before][-size:]
    else:
        shown = newest_first[:size]
    if not shown:
        return {name: []}
    address = f"{request.base}{request.path}"
    links = {}
    if shown[0] is not newest_first[0]:
        links["previous"] = {"href": f"{address}?before={shown[0].id}"}
    if shown[-1] is not newest_first[-1]:
        links["next"] = {"href": f"{address}?after={shown[-1].id}"}
    listed = {name: [shape(item) for item in shown]}
    return {"_links": links, **listed} if links else listed


def _size(query: Mapping[str, str]) -> int:
    size = whole(query.get("page_size", "10"))
    if size is None or not 10 <= size <= 100:
        text = "The query parameter 'page_size', if specified must be a number between 10 and 100."
        raise Halt(message(text, 400))
    return size


def _cursor(query: Mapping[str, str], name: str) -> int:
    cursor = whole(query.get(name, "") or "0")
    if cursor is None or cursor < 0:
        raise Halt(message(f"The query parameter '{name}', if specified, must be a positive integer.", 400))
    return cursor
