"""Target groups told in pages, which moto tells all at once.

Source: Elastic Load Balancing API reference (v2), DescribeTargetGroups: PageSize is 1 to 400.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.elbv2.responses import ELBV2Response

from gocd.rehearsal.standin_aws.control.corrections import Correction

MOST = 400


class Pages:
    """The correction that pages them."""

    def corrections(self) -> Iterator[Correction]:
        yield Correction(ELBV2Response, "describe_target_groups", self.describe_target_groups)

    def describe_target_groups(self, response: Any) -> Any:
        """DescribeTargetGroups: *PageSize* of them from *Marker* on, and where the next page begins."""
        from moto.core.responses import ActionResult  # noqa: PLC0415

        groups = response.elbv2_backend.describe_target_groups(
            response._get_param("LoadBalancerArn"),
            response._get_param("TargetGroupArns", []),
            response._get_param("Names", []),
        )
        start = int(response._get_param("Marker") or 0)
        end = start + (response._get_int_param("PageSize") or MOST)
        answer = {"TargetGroups": groups[start:end]}
        if end < len(groups):
            answer["NextMarker"] = str(end)
        return ActionResult(answer)
