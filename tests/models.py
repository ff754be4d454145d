"""AWS's service models, read and made into classes once for all sessions of a process.

It is imported for that alone. Reading those of EC2 takes as long as a whole command does without, making
a class of their clients a fifth of that.
"""

import functools
from typing import Any

import botocore.session
from botocore.client import ClientCreator

botocore.session.create_loader = functools.cache(botocore.session.create_loader)

_make = ClientCreator._create_client_class
_made: dict[str, Any] = {}


def _client_class(creator: Any, service: str, model: Any) -> Any:
    """The class of a service's clients, which is the same in all sessions that nobody has added to."""
    if service not in _made:
        _made[service] = _make(creator, service, model)
    return _made[service]


ClientCreator._create_client_class = _client_class
