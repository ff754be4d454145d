"""A HERD on the stand-in AWS, as MDL stands it up."""

import pytest

from gocd.rehearsal.sample.herd.stack import Herd, build_herd
from gocd.rehearsal.standin_aws.world import World


@pytest.fixture
def herd(cloud: World) -> Herd:
    """HERD 0.83.0, to which 0.84.0 can come."""
    return build_herd(cloud, deregistration_delay=0)
