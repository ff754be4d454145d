"""A GoCD server's own verdict on pipeline files, before they are committed.

Source: in GoCD's own code ConfigRepoOperationsControllerV1; api.gocd.org has it as "Preflight check".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gocd.client.asking import Server
from gocd.client.fields import NotAsPromised, fields, flag

# The plug-in that reads .gocd.yaml files.
YAML = "yaml.config.plugin"


@dataclass(frozen=True)
class Preflight:
    valid: bool
    errors: tuple[str, ...]


def preflight(server: Server, files: Sequence[tuple[str, bytes]], repo: str = "") -> Preflight:
    """Return what the server says to all of these files together.

    Args:
        files: A name, as it is in the repository, and the content of each.
        repo: The id of the config repository whose present files they would take the place of.

    Raises:
        ServerError: It says nothing of them.
    """
    about = {"pluginId": YAML, **({"repoId": repo} if repo else {})}
    path = ("admin", "config_repo_ops", "preflight")
    answer = fields(server.hand_in(*path, version=1, files=files, **about).value, "the verdict")
    errors = answer.get("errors")
    if not isinstance(errors, list) or not isinstance(answer.get("valid"), bool):
        raise NotAsPromised("it has no verdict")
    return Preflight(flag(answer, "valid"), tuple(each for each in errors if isinstance(each, str)))
