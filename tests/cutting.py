"""What only a machine can prove that lets the stand-in AWS cut connections off."""

import pytest

from gocd.rehearsal.standin_aws.world import World


def needs_cuts(world: World) -> None:
    """Skip the rest where nobody may take a process's connections, as in Docker without SYS_PTRACE.

    Once a load balancer is there.
    """
    if not world.parts.plane.cuts:
        pytest.skip("this machine does not let connections of another process be closed (pidfd_getfd)")
