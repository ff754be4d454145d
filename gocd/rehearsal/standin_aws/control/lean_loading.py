"""Moto and botocore loaded with what one region needs: they read a hundred megabytes of JSON otherwise.

Without this everything is as it is, a second later and with all the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader
from moto.utilities import utils

_OFFERINGS = "instance_type_offerings"
_read = JSONFileLoader.load_file


@cache
def _read_once(path: str) -> Any:
    return _read(JSONFileLoader(), path)


@contextmanager
def lean_loading(region: str) -> Iterator[None]:
    """Read each of botocore's files once for all sessions, and of moto's offerings those of *region*."""
    load_resource = utils.load_resource

    def load(file: str) -> Any:
        return [] if _OFFERINGS in file and f"/{region}." not in file else load_resource(file)

    JSONFileLoader.load_file = lambda _, path: _read_once(path)
    utils.load_resource = load
    try:
        yield
    finally:
        utils.load_resource = load_resource
