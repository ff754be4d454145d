"""Pools in Envoy's own words.

Source: Envoy's API reference, v3 (config.cluster, config.endpoint).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gocd.rehearsal.standin_aws.data.health_checks import HealthCheck
from gocd.rehearsal.standin_aws.data.pools import Endpoint, Least, Pool
from gocd.rehearsal.standin_aws.data.severing import MARKED_BY
from gocd.rehearsal.standin_aws.machines.loopback import BlackHole

TYPES = "type.googleapis.com/envoy"


def cluster(pool: Pool, endpoints: Mapping[str, Any], mark: int) -> dict[str, Any]:
    """Describe a pool; its endpoints are read from elsewhere, so that they change without it.

    Its connections bear *mark*.
    """
    level, name = MARKED_BY
    described: dict[str, Any] = {
        "@type": f"{TYPES}.config.cluster.v3.Cluster",
        "name": pool.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": endpoints},
        "connect_timeout": "5s",
        "lb_policy": "ROUND_ROBIN",
        # When none is healthy all of the chosen subset are used, and an endpoint that is leaving is in no
        # chosen subset: load balancers fail open to registered targets only.
        "common_lb_config": {
            "healthy_panic_threshold": {"value": _panic_below(pool)},
            "ignore_new_hosts_until_first_hc": True,
        },
        "lb_subset_config": {
            "fallback_policy": "NO_FALLBACK",
            "subset_selectors": [{"keys": ["serving"]}, {"keys": ["serving", "zone"]}],
            # An endpoint may be reached by several zones.
            "list_as_any": True,
        },
        "ignore_health_on_host_removal": True,
        "upstream_bind_config": {"socket_options": [{"level": level, "name": name, "int_value": mark}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{TYPES}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "common_http_protocol_options": {"idle_timeout": f"{pool.idle:.3f}s"},
                "explicit_http_config": {"http_protocol_options": {}},
            }
        },
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": 65536,
                    "max_pending_requests": 65536,
                    "max_requests": 65536,
                    "max_retries": 0,
                }
            ]
        },
    }
    if pool.check:
        described["health_checks"] = [_health_check(pool.check)]
    return described


def endpoints(pool: Pool, holes: Mapping[tuple[str, int], BlackHole]) -> dict[str, Any]:
    """Describe where a pool's traffic goes."""
    return {
        "@type": f"{TYPES}.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": pool.name,
        "endpoints": [{"lb_endpoints": [_endpoint(each, pool.check, holes) for each in pool.endpoints]}],
    }


def _endpoint(
    endpoint: Endpoint, check: HealthCheck | None, holes: Mapping[tuple[str, int], BlackHole]
) -> dict[str, Any]:
    hole = holes.get((endpoint.address, endpoint.port))
    address, port = (hole.address, hole.port) if hole else (endpoint.address, endpoint.port)
    described: dict[str, Any] = {"address": address_of(address, port)}
    if check and check.port and not hole:
        described["health_check_config"] = {"port_value": check.port}
    return {
        "endpoint": described,
        "health_status": "HEALTHY" if endpoint.serving else "DRAINING",
        "metadata": serving_in(list(endpoint.zones), serving=endpoint.serving),
    }


def serving_in(zones: str | list[str], *, serving: bool = True) -> dict[str, Any]:
    """Tell endpoints that are *serving* in these zones from others: on them, and where they are chosen."""
    in_zones = {"zone": zones} if zones else {}
    return {"filter_metadata": {"envoy.lb": {"serving": "yes" if serving else "no", **in_zones}}}


def _panic_below(pool: Pool) -> int:
    """Below what percentage of healthy endpoints Envoy uses all of them.

    It knows percentages only, one for all zones of a pool and without fractions: enough up to a hundred
    endpoints. Of zones with different numbers the largest opens when it should, and the others later. As far
    as may be it is the same for any number, since a pool that is described anew is checked anew.
    """
    least, sizes = pool.opens_below, [sum(not each.leaving for each in way) for way in pool.ways]
    return min(_percent_for(least, max(1, size)) for size in sizes)


def _percent_for(least: Least, size: int) -> int:
    if least.percent and least.of(size) > least.count:
        return least.percent
    return 100 * (least.count - 1) // size + 1 if least.count else 0


def address_of(address: str, port: int) -> dict[str, Any]:
    """Describe a socket's address."""
    return {"socket_address": {"address": address, "port_value": port}}


def _health_check(check: HealthCheck) -> dict[str, Any]:
    interval = f"{check.interval:.3f}s"
    described: dict[str, Any] = {
        "interval": interval,
        # Envoy asks a cluster without traffic once a minute unless told otherwise.
        "no_traffic_interval": interval,
        "timeout": f"{check.timeout:.3f}s",
        "healthy_threshold": check.healthy_threshold,
        "unhealthy_threshold": check.unhealthy_threshold,
        "reuse_connection": False,
    }
    if check.path is None:
        return {**described, "tcp_health_check": {}}
    return {
        **described,
        "http_health_check": {
            "path": check.path,
            "expected_statuses": [{"start": first, "end": last + 1} for first, last in check.codes],
            # Any other answer counts towards the threshold; Envoy by itself would not wait for it.
            "retriable_statuses": [{"start": 100, "end": 600}],
        },
    }
