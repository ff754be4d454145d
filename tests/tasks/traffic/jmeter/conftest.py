"""What tests of traffic share: the real command line, and a place where nothing else is found."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tasks.conftest import PROGRAM

PLAN = Path(__file__).parents[4] / "pipelines" / "verify.jmx"


@dataclass(frozen=True)
class VerifyTraffic:
    """Runs ``gocd-tasks verify-traffic`` in a folder of its own; the JMeter it finds is the extra's."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, "verify-traffic", *words],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PROGRAM, "verify-traffic", *words],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def verify_traffic(tmp_path: Path, cache: Path) -> VerifyTraffic:
    """A PATH with little on it, so that no JMeter of this machine is taken for the extra's."""
    tools = tmp_path / "tools"
    tools.mkdir()
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "XDG_CACHE_HOME": str(cache), "HOME": str(tmp_path)}
    if "LANG" in os.environ:
        environment["LANG"] = os.environ["LANG"]
    return VerifyTraffic(tmp_path, environment)


@pytest.fixture
def changed_plan(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes the template with one thing changed."""

    def change(old: str, new: str) -> Path:
        text = PLAN.read_text()
        assert old in text
        path = tmp_path / "changed.jmx"
        path.write_text(text.replace(old, new))
        return path

    return change
