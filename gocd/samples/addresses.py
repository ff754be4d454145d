"""Where the requests of a record went to: the address that was tested, and not the one that was meant."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from pathlib import Path

from gocd.samples.csv_columns import UNNAMED, delimiter_of, looks_unnamed
from gocd.samples.jtl import content_of

# Bytes of a record that are looked through: about a thousand requests.
_HEAD = 2**17
# As many as a sentence can hold.
MOST = 3
# A login before the host is nobody's to read.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}://)(?:[^/?#\s@]*@)?([^/?#\s@]{1,255})")
_IN_XML = re.compile(r"<java\.net\.URL>([^<]{1,2000})<")
_COLUMN = "url"


def addresses_of(jtls: Iterable[Path]) -> tuple[str, ...]:
    """Return the addresses that the first requests went to, the most asked one first.

    Requests that name none, such as those of a script, have none.

    Raises:
        OSError: A file cannot be read.
    """
    asked: Counter[str] = Counter()
    for jtl in jtls:
        with content_of(jtl) as file:
            try:
                head = file.read(_HEAD).decode("utf-8-sig", "replace")
            except (EOFError, gzip.BadGzipFile, zlib.error):
                continue
        urls = _in_xml(head) if head.lstrip().startswith("<") else _in_csv(head)
        asked.update(f"{found[1]}{found[2]}" for url in urls if (found := _ADDRESS.match(url)))
    return tuple(address for address, _ in asked.most_common())


def named(addresses: tuple[str, ...]) -> str:
    """Return *addresses* as a part of a sentence; empty if there are none."""
    more = len(addresses) - MOST
    return ", ".join(addresses[:MOST]) + (f" and {more:,} more" if more > 0 else "")


def _in_xml(head: str) -> Iterator[str]:
    return (found[1] for found in _IN_XML.finditer(head))


def _in_csv(head: str) -> Iterator[str]:
    rows = csv.reader(StringIO(head, newline=""), delimiter=delimiter_of(head.partition("\n")[0]))
    try:
        first = next(rows, [])
        columns = list(UNNAMED) if looks_unnamed(first) else first
        names = [name.strip().lower() for name in columns]
        if _COLUMN not in names:
            return
        place = names.index(_COLUMN)
        for row in chain([first], rows):
            if len(row) == len(columns):
                yield row[place]
    except csv.Error:
        return
