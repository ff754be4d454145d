"""The properties of one run of JMeter, in a file.

On Java's command line everybody on the machine could read them, and JMeter writes what it is given there into
its log.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def property_file(properties: Mapping[str, str]) -> Iterator[Path]:
    """Write the *properties* into a file that only we can read, beside no artifact; gone in the end."""
    handle, name = tempfile.mkstemp(prefix="gocd-tasks-", suffix=".properties")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.writelines(f"{_escaped(key)}={_escaped(value)}\n" for key, value in properties.items())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _escaped(text: str) -> str:
    """Return *text* as Java reads it from such a file, in units of UTF-16 (java.util.Properties, load)."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(_unit(high << 8 | low) for high, low in zip(units[::2], units[1::2], strict=True))


def _unit(unit: int) -> str:
    return chr(unit) if unit < 128 and chr(unit).isalnum() else f"\\u{unit:04x}"
