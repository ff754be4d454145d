"""The pipelines that begin when a stage of another has passed.

Source: in GoCD's own code MaterialConfigControllerV2 (api.gocd.org, "Get all materials") and, for
their names, InternalMaterialsControllerV1, which its own pages use.
"""

from __future__ import annotations

from collections.abc import Collection

from gocd.client.asking import Server
from gocd.client.errors import ServerError
from gocd.client.fields import entries, fields, flag, text


def begins_after(server: Server, pipeline: str, stages: Collection[str]) -> dict[str, list[str]]:
    """Return by stage which pipelines begin when it has passed; of some only that there are any.

    Raises:
        ServerError: It does not tell.
    """
    answer = fields(server.get("config", "materials", version=2).value, "it")
    found: dict[str, list[str]] = {}
    wanted = {stage.lower(): stage for stage in stages}
    for material in entries(answer.get("_embedded"), "materials"):
        about = fields(material.get("attributes") or {}, "a material")
        if text(material, "type") != "dependency" or text(about, "pipeline").lower() != pipeline.lower():
            continue
        stage = wanted.get(text(about, "stage").lower())
        if stage:
            names = _names(server, text(material, "fingerprint"))
            # Of several that have it, GoCD tells what the first of them says (MaterialConfigService).
            if len(names) > 1 or not flag(about, "ignore_for_scheduling"):
                found[stage] = names
    return found


def _names(server: Server, fingerprint: str) -> list[str]:
    try:
        answer = server.get("internal", "materials", fingerprint, "usages", version=1).value
    except ServerError:
        return []
    usages = fields(answer, "it").get("usages")
    return [each for each in usages if isinstance(each, str)] if isinstance(usages, list) else []
