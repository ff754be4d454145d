"""Doors in Envoy's own words: requests are shared by routes, connections by a pool of pools.

A listener that changes closes the connections it has after a second; what changes with weights is therefore
read from elsewhere: the routes, and for connections the endpoints of a cluster in front, of which each is an
inner listener that leads to one pool.

Source: Envoy's API reference, v3 (config.endpoint, config.listener, config.route, network.tcp_proxy).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from gocd.rehearsal.standin_aws.data.envoy_resources import TYPES, address_of, serving_in
from gocd.rehearsal.standin_aws.data.pools import Answer, Door, Route, Share

_FILTERS = f"{TYPES}.extensions.filters.network"
_IDLE_LIMIT = "60s"

# What a client remembers its pool by.
COOKIE = "AWSALBTG"


def listener(door: Door, routes: Mapping[str, Any]) -> dict[str, Any]:
    """Open a listener on a free port of 127.0.0.1."""
    return {
        "@type": f"{TYPES}.config.listener.v3.Listener",
        "name": door.name,
        "address": address_of("127.0.0.1", 0),
        "filter_chains": [
            {"filters": [_requests(door, routes) if door.protocol == "http" else _connections(door)]}
        ],
    }


def routes(door: Door) -> dict[str, Any]:
    """Share an HTTP listener's requests among its pools."""
    return {
        "@type": f"{TYPES}.config.route.v3.RouteConfiguration",
        "name": door.name,
        "validate_clusters": False,
        "virtual_hosts": [
            {
                "name": door.name,
                "domains": ["*"],
                "routes": [each for route in door.routes for each in _routes(route)],
            }
        ],
    }


def front(door: Door, endpoints: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the cluster in front of a TCP listener's pools; who is in it is read from elsewhere."""
    return {
        "@type": f"{TYPES}.config.cluster.v3.Cluster",
        "name": _front(door),
        "type": "EDS",
        "eds_cluster_config": {"eds_config": endpoints},
        "connect_timeout": "5s",
        # By chance weights would be ignored.
        "lb_policy": "ROUND_ROBIN",
        # Connections go on when the pool that they lead to is given no new ones.
        "close_connections_on_host_health_failure": False,
    }


def front_endpoints(door: Door) -> dict[str, Any]:
    """Share a TCP listener's connections among its pools; one without weight is left out."""
    return {
        "@type": f"{TYPES}.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": _front(door),
        "endpoints": [
            {
                "lb_endpoints": [
                    {
                        "endpoint": {
                            "address": {
                                "envoy_internal_address": {
                                    "server_listener_name": _inner(share),
                                    "endpoint_id": _inner(share),
                                }
                            }
                        },
                        "load_balancing_weight": share.weight,
                    }
                    for share in door.shares
                    if share.weight
                ]
            }
        ],
    }


def ways(door: Door) -> set[Share]:
    """Give the ways that connections may take from a TCP listener, whatever their weights."""
    return {share._replace(weight=0) for share in door.shares}


def inner_listeners(ways: Iterable[Share]) -> list[dict[str, Any]]:
    """Describe each way to a pool that TCP listeners share connections among."""
    return [
        {
            "@type": f"{TYPES}.config.listener.v3.Listener",
            "name": _inner(way),
            "internal_listener": {},
            "filter_chains": [
                {
                    "filters": [
                        _proxy({"cluster": way.pool, "metadata_match": serving_in(way.zone)}, _inner(way))
                    ]
                }
            ],
        }
        for way in ways
    ]


def _inner(share: Share) -> str:
    return f"to/{share.pool}/{share.zone}"


def _front(door: Door) -> str:
    return f"front/{door.name}"


def _proxy(target: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "name": "tcp",
        "typed_config": {"@type": f"{_FILTERS}.tcp_proxy.v3.TcpProxy", "stat_prefix": name, **target},
    }


def _connections(door: Door) -> dict[str, Any]:
    return _proxy({"cluster": _front(door)}, door.name)


def _requests(door: Door, routes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "http",
        "typed_config": {
            "@type": f"{_FILTERS}.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": door.name,
            "rds": {"route_config_name": door.name, "config_source": routes},
            "stream_idle_timeout": _IDLE_LIMIT,
            "common_http_protocol_options": {"idle_timeout": _IDLE_LIMIT},
            "generate_request_id": False,
            "upgrade_configs": [{"upgrade_type": "websocket"}],
            "local_reply_config": {"mappers": [_answered("UC", door.closed), _answered("UF", 502)]},
            "http_filters": [
                {
                    "name": "router",
                    "typed_config": {"@type": f"{TYPES}.extensions.filters.http.router.v3.Router"},
                }
            ],
        },
    }


def _answered(flag: str, status: int) -> dict[str, Any]:
    """Have Envoy tell of one thing (UC: the connection was closed; UF: none could be made) as AWS does."""
    return {"filter": {"response_flag_filter": {"flags": [flag]}}, "status_code": status}


def _routes(route: Route) -> Iterator[dict[str, Any]]:
    """Describe a route, after one for those who come back to the pool that they were given."""
    match = _match(route.match)
    if not route.pools:
        yield {"match": match, **_at_once(route.answer)}
        return
    if route.stays:
        for pool, shares in groupby(sorted(route.pools), key=attrgetter("pool")):
            known = _match([*route.match, ("cookie", f".*{COOKIE}={_opaque(pool)}.*")])
            # Whoever comes back is sent there whatever its weight.
            evenly = [share._replace(weight=1) for share in shares]
            yield {"match": known, "route": _weighted(evenly, stays=0)}
    if any(share.weight for share in route.pools):
        yield {"match": match, "route": _weighted(route.pools, route.stays)}
    else:
        # Envoy would refuse this, and keep in silence what was before.
        yield {"match": match, **_at_once(Answer(503))}


def _match(headers: Sequence[tuple[str, str]]) -> dict[str, Any]:
    found = [{"name": name, "string_match": {"safe_regex": {"regex": regex}}} for name, regex in headers]
    return {"prefix": "/", **({"headers": found} if found else {})}


def _at_once(answer: Answer) -> dict[str, Any]:
    direct: dict[str, Any] = {"direct_response": {"status": answer.status}}
    if answer.body:
        direct["direct_response"]["body"] = {"inline_string": answer.body}
    if answer.leads:
        direct["response_headers_to_add"] = [{"header": {"key": "location", "value": answer.leads}}]
    return direct


def _weighted(shares: Sequence[Share], stays: float) -> dict[str, Any]:
    return {"timeout": "0s", "weighted_clusters": {"clusters": [_share(each, stays) for each in shares]}}


def _share(share: Share, stays: float) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": share.pool,
        "weight": share.weight,
        "metadata_match": serving_in(share.zone),
    }
    if stays:
        cookie = f"{COOKIE}={_opaque(share.pool)}; Max-Age={math.ceil(stays)}; Path=/"
        described["response_headers_to_add"] = [{"header": {"key": "set-cookie", "value": cookie}}]
    return described


def _opaque(pool: str) -> str:
    """Name a pool so that nobody reads its name in it."""
    return hashlib.sha256(pool.encode()).hexdigest()[:32]
