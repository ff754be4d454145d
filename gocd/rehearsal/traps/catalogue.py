"""The traps, by name."""

from __future__ import annotations

from gocd.rehearsal.traps import sites
from gocd.rehearsal.traps.trap import Trap, Users

# Seconds for what may never come, in traps that are about that.
PATIENCE = {"GOCD_TASKS_TIMEOUT": "15"}

NO_TRAP = Trap("no-trap", "Nothing special: a naive pipeline gets through.", sites.two_servers)

TRAPS = {
    trap.name: trap
    for trap in (
        Trap(
            "no-graceful-stop",
            "The service drops what it is at when it is stopped, and clients keep their connections to it "
            "through a Network Load Balancer.",
            lambda ground: sites.two_servers(ground, "--ends-at-once", kind="network", cross_zone=True),
            users=Users("/slow?seconds=0.2", clients=50),
            ours=PATIENCE,
        ),
        Trap(
            "slow-requests",
            "Requests take longer than the load balancer gives them once their target is deregistered.",
            sites.two_servers,
            users=Users("/slow?seconds=5", rate=20),
            ours={"GOCD_TASKS_REQUIRE_DRAIN": "5"},
            cut=True,
        ),
        Trap(
            "kept-connections",
            "Clients keep their connections through a Network Load Balancer, which go on leading to a target "
            "that is deregistered.",
            lambda ground: sites.two_servers(ground, kind="network", cross_zone=True),
            users=Users(clients=100, blind=True),
            ours=PATIENCE,
        ),
        Trap(
            "fail-open",
            "The health check asks for a page that is not there: the load balancer sends to whoever is "
            "registered, ready or not.",
            lambda ground: sites.two_servers(ground, "--warm-up", "6", health_path="/missing", wait=False),
            ours=PATIENCE,
        ),
        Trap(
            "one-zone",
            "A Network Load Balancer serves each zone from its own targets, and there is one in each.",
            lambda ground: sites.two_servers(
                ground, kind="network", cross_zone=False, zones=ground.aws.zones[:2]
            ),
            users=Users(new_connections=True),
        ),
        Trap(
            "two-ports",
            "Each server is registered on two ports, and deregistering it without a port takes one away.",
            sites.two_ports,
        ),
        Trap(
            "scaling-policy",
            "A scaling policy fills the group to its maximum while a member is in Standby.",
            sites.group_with_policy,
            meanwhile=sites.load_rises,
        ),
        Trap(
            "group-replaces",
            "An Auto Scaling group replaces a member that its load balancer does not call healthy.",
            sites.replacing_group,
        ),
        Trap(
            "shared-range",
            "Another VPC has the same private range, and a server of another system the same address.",
            sites.shared_range,
        ),
        Trap(
            "health-check-lies",
            "The health check is well as soon as the service listens, more than a minute before users get an "
            "answer.",
            lambda ground: sites.two_servers(ground, "--warm-up", "8", "--hides-warm-up"),
        ),
        Trap(
            "short-keep-alive",
            "The service closes idle connections after five seconds, its load balancer after sixty, and "
            "somebody asks every five.",
            lambda ground: sites.two_servers(ground, "--idle-limit", "0.25"),
            users=Users(rate=8, new_connections=True),
            checked=True,
            ours={"GOCD_TASKS_KEEP_ALIVE": "3"},
        ),
        Trap(
            "users-get-errors",
            "The new version answers its health check, and its users with errors.",
            sites.two_servers,
            broken="users-get-500",
        ),
        Trap(
            "stale-read",
            "A server was replaced a moment ago, and AWS still describes the one that is gone.",
            sites.two_servers,
            meanwhile=sites.replaced_a_moment_ago,
        ),
        Trap(
            "second-pipeline",
            "Another pipeline rolls out at the same time, and begins with the other server.",
            sites.two_servers,
            parallel=True,
        ),
    )
}
