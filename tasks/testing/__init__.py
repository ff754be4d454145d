"""What load balancer kinds, deployers and status checks promise, as classes for a site's tests to inherit.

pytest is no dependency of the package: whoever tests, installs it.
"""

import pytest

# Their assertions then say what they compared, as those of a test file do.
pytest.register_assert_rewrite(
    "tasks.testing.deployer", "tasks.testing.load_balancer", "tasks.testing.status_check"
)

from tasks.testing.deployer import DeployerCase, DeployerContract  # noqa: E402
from tasks.testing.load_balancer import LoadBalancerCase, LoadBalancerContract  # noqa: E402
from tasks.testing.status_check import StatusCheckCase, StatusCheckContract  # noqa: E402

__all__ = [
    "DeployerCase",
    "DeployerContract",
    "LoadBalancerCase",
    "LoadBalancerContract",
    "StatusCheckCase",
    "StatusCheckContract",
]
