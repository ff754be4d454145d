"""What pipelines are made of, and which of them are made of the same.

Source: GoCD's MaterialConfigControllerV2.java, MaterialsRepresenter.java and, for the uses of one,
InternalMaterialsControllerV1.java
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gocd.pipeline import Material
from gocd.rehearsal.standin_gocd.api.messages import Answer, Request, as_json
from gocd.rehearsal.standin_gocd.api.routes import Route
from gocd.rehearsal.standin_gocd.api.security import Right
from gocd.rehearsal.standin_gocd.api.shapes import fingerprint
from gocd.rehearsal.standin_gocd.server import Server


class Materials:
    def __init__(self, server: Server) -> None:
        self._server = server

    def routes(self) -> list[Route]:
        uses = "/api/internal/materials/{fingerprint}/usages"
        return [
            Route("GET", "/api/config/materials", 2, Right.VIEW, self._all),
            Route("GET", uses, 1, Right.VIEW, self._uses),
        ]

    def _all(self, request: Request, names: Mapping[str, str]) -> Answer:
        # Each once, whoever has it.
        found = {fingerprint(material): material for _, material in self._of_pipelines()}
        shapes = [_shape(material, print_) for print_, material in found.items()]
        return as_json(
            {
                "_links": {
                    "doc": {"href": "https://api.gocd.org/current/#materials"},
                    "self": {"href": f"{request.base}/api/config/materials"},
                },
                "_embedded": {"materials": shapes},
            }
        )

    def _uses(self, request: Request, names: Mapping[str, str]) -> Answer:
        wanted = names["fingerprint"]
        return as_json(
            {
                "_links": {
                    "self": {"href": f"{request.base}/api/config/materials/{wanted}/usages"},
                    "doc": {"href": "https://api.gocd.org/current/#materials"},
                },
                "usages": [
                    name for name, material in self._of_pipelines() if fingerprint(material) == wanted
                ],
            }
        )

    def _of_pipelines(self) -> list[tuple[str, Material]]:
        return [
            (served.name, material)
            for served in self._server.pipelines.values()
            for material in served.pipeline.materials
        ]


def _shape(material: Material, print_: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {"name": material.name, "auto_update": True}
    if material.kind == "dependency":
        attributes |= {
            "pipeline": material.pipeline,
            "stage": material.stage,
            "ignore_for_scheduling": False,
        }
    else:
        attributes |= {"url": material.url, "destination": material.destination}
    return {"type": material.kind, "fingerprint": print_, "attributes": attributes}
