"""The traps, by name."""

from __future__ import annotations

from gocd.rehearsal.traps.trap import Ground, Place, Trap, Users


def _two_servers(ground: Ground, *options: str, **group: object) -> Place:
    """Web-1 and Web-2 behind an Application Load Balancer, with settings that deployments like."""
    aws = ground.aws
    servers = [
        aws.launch(name, zone=zone, service=ground.service(*options))
        for name, zone in zip(("Web-1", "Web-2"), aws.zones, strict=False)
    ]
    settings = {"deregistration_delay": ground.divided(60), "interval": 10, **group}
    front = aws.target_group("web", instances=servers, **settings)  # type: ignore[arg-type]
    return Place(front, [each.name for each in servers])


NO_TRAP = Trap("no-trap", "Nothing special: a naive pipeline gets through.", _two_servers)

TRAPS = {
    trap.name: trap
    for trap in (
        Trap(
            "no-graceful-stop",
            "The service drops what it is at when it is stopped, and clients keep their connections to it "
            "through a Network Load Balancer.",
            lambda ground: _two_servers(ground, "--ends-at-once", kind="network", cross_zone=True),
            users=Users("/slow?seconds=0.2", clients=50),
        ),
        Trap(
            "slow-requests",
            "Requests take longer than the load balancer gives them once their target is deregistered.",
            _two_servers,
            users=Users("/slow?seconds=5", rate=20),
        ),
        Trap(
            "kept-connections",
            "Clients keep their connections through a Network Load Balancer, which go on leading to a target "
            "that is deregistered.",
            lambda ground: _two_servers(ground, kind="network", cross_zone=True),
            users=Users(clients=100, blind=True),
        ),
        Trap(
            "health-check-lies",
            "The health check is well as soon as the service listens, more than a minute before users get an "
            "answer.",
            lambda ground: _two_servers(ground, "--warm-up", "6", "--hides-warm-up"),
        ),
        Trap(
            "users-get-errors",
            "The new version answers its health check, and its users with errors.",
            _two_servers,
            broken="users-get-500",
        ),
        Trap(
            "second-pipeline",
            "Another pipeline rolls out at the same time, and begins with the other server.",
            _two_servers,
            parallel=True,
        ),
    )
}
