"""Pools and doors in Envoy's own words.

Source: Envoy's API reference, v3 (config.cluster, config.endpoint, config.listener, config.route).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gocd.rehearsal.standin_aws.data.health_checks import HealthCheck
from gocd.rehearsal.standin_aws.data.pools import Door, Endpoint, Pool
from gocd.rehearsal.standin_aws.data.severing import MARKED_BY
from gocd.rehearsal.standin_aws.machines.loopback import BlackHole

_TYPES = "type.googleapis.com/envoy"
_FILTERS = f"{_TYPES}.extensions.filters.network"
_SERVING = {"filter_metadata": {"envoy.lb": {"serving": "yes"}}}
_LEAVING = {"filter_metadata": {"envoy.lb": {"serving": "no"}}}
_IDLE_LIMIT = "60s"


def cluster(pool: Pool, endpoints: Mapping[str, Any], mark: int) -> dict[str, Any]:
    """Describe a pool; its endpoints are read from elsewhere, so that they change without it.

    Its connections bear *mark*.
    """
    level, name = MARKED_BY
    described: dict[str, Any] = {
        "@type": f"{_TYPES}.config.cluster.v3.Cluster",
        "name": pool.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": endpoints},
        "connect_timeout": "5s",
        "lb_policy": "ROUND_ROBIN",
        # When none is healthy all of the chosen subset are used, and an endpoint that is leaving is in no
        # chosen subset: load balancers fail open to registered targets only.
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 1 if pool.fail_open else 0},
            "ignore_new_hosts_until_first_hc": True,
        },
        "lb_subset_config": {
            "fallback_policy": "NO_FALLBACK",
            "subset_selectors": [{"keys": ["serving"]}],
        },
        "ignore_health_on_host_removal": True,
        "upstream_bind_config": {"socket_options": [{"level": level, "name": name, "int_value": mark}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_TYPES}.extensions.upstreams.http.v3.HttpProtocolOptions",
                # Shorter than any server keeps an idle connection, so that it is never the server who closes
                # one just as a request is sent on it.
                "common_http_protocol_options": {"idle_timeout": "1s"},
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
        "@type": f"{_TYPES}.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": pool.name,
        "endpoints": [{"lb_endpoints": [_endpoint(each, pool.check, holes) for each in pool.endpoints]}],
    }


def _endpoint(
    endpoint: Endpoint, check: HealthCheck | None, holes: Mapping[tuple[str, int], BlackHole]
) -> dict[str, Any]:
    hole = holes.get((endpoint.address, endpoint.port))
    address, port = (hole.address, hole.port) if hole else (endpoint.address, endpoint.port)
    described: dict[str, Any] = {"address": _address(address, port)}
    if check and check.port and not hole:
        described["health_check_config"] = {"port_value": check.port}
    return {
        "endpoint": described,
        "health_status": "HEALTHY" if endpoint.serving else "DRAINING",
        "metadata": _SERVING if endpoint.serving else _LEAVING,
    }


def routes(door: Door) -> dict[str, Any]:
    """Share an HTTP listener's requests among its pools."""
    return {
        "@type": f"{_TYPES}.config.route.v3.RouteConfiguration",
        "name": door.name,
        "validate_clusters": False,
        "virtual_hosts": [
            {
                "name": door.name,
                "domains": ["*"],
                "routes": [
                    {
                        "match": {"prefix": "/"},
                        "route": {
                            "timeout": "0s",
                            "metadata_match": _SERVING,
                            "weighted_clusters": {
                                "clusters": [{"name": name, "weight": weight} for name, weight in door.pools]
                            },
                        },
                    }
                    if any(weight for _, weight in door.pools)
                    else {"match": {"prefix": "/"}, "direct_response": {"status": 503}}
                ],
            }
        ],
    }


def listener(door: Door, routes: Mapping[str, Any]) -> dict[str, Any]:
    """Open a listener on a free port of 127.0.0.1."""
    if door.protocol == "http":
        network_filter: dict[str, Any] = {
            "name": "http",
            "typed_config": {
                "@type": f"{_FILTERS}.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": door.name,
                "rds": {"route_config_name": door.name, "config_source": routes},
                "stream_idle_timeout": _IDLE_LIMIT,
                "common_http_protocol_options": {"idle_timeout": _IDLE_LIMIT},
                "generate_request_id": False,
                "http_filters": [
                    {
                        "name": "router",
                        "typed_config": {"@type": f"{_TYPES}.extensions.filters.http.router.v3.Router"},
                    }
                ],
            },
        }
    else:
        network_filter = {
            "name": "tcp",
            "typed_config": {
                "@type": f"{_FILTERS}.tcp_proxy.v3.TcpProxy",
                "stat_prefix": door.name,
                "metadata_match": _SERVING,
                "weighted_clusters": {
                    "clusters": [{"name": name, "weight": weight} for name, weight in door.pools if weight]
                },
            },
        }
    return {
        "@type": f"{_TYPES}.config.listener.v3.Listener",
        "name": door.name,
        "address": _address("127.0.0.1", 0),
        "filter_chains": [{"filters": [network_filter]}],
    }


def _address(address: str, port: int) -> dict[str, Any]:
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
