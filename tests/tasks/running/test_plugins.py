"""What a site adds: a distribution of its own, installed and then used by the real command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent

import pytest

from tests.program import CommandLine, Done
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.running.haproxy import HAProxy, serving

ROOT = Path(__file__).parents[3]
EXAMPLE = Path(__file__).with_name("plugin_example")
Program = Callable[..., Done]

HAPROXY = ("--load-balancer", "haproxy:app")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as a development install leaves it: its entry points beside it."""
    folder = tmp_path_factory.mktemp("plugin") / "site"
    shutil.copytree(EXAMPLE, folder)
    subprocess.run(
        [sys.executable, "setup.py", "-q", "egg_info"], cwd=folder, check=True, capture_output=True
    )
    return folder


@pytest.fixture
def installed(built: Path, tmp_path: Path) -> str:
    """A copy of it, to be put on the path."""
    return str(shutil.copytree(built, tmp_path / "site"))


@pytest.fixture
def haproxy(pair: Pair) -> Iterator[HAProxy]:
    """The site's own HAProxy, with the pair in its backend."""
    haproxy = HAProxy(instance.private_ip for instance in pair)
    with serving(haproxy) as haproxy.place:
        yield haproxy


@pytest.fixture
def site(gocd_tasks: CommandLine, haproxy: HAProxy, installed: str) -> Program:
    """The program where the site has installed what it adds."""
    added = {"PYTHONPATH": installed, "HAPROXY_API": haproxy.place}
    return CommandLine({**gocd_tasks.environment, **added}).installed


def test_what_a_site_adds_passes_the_contracts(installed: str) -> None:
    path = os.pathsep.join([installed, str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_our_deployments.py"],
        env={**os.environ, "PYTHONPATH": path},
        cwd=installed,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "21 passed" in done.stdout


@pytest.mark.parametrize("name", ["haproxy_backend.py", "via_share.py", "tcp_check.py", "setup.py"])
def test_readme_shows_what_is_tested(name: str) -> None:
    code = (EXAMPLE / name).read_text(encoding="utf-8")

    assert indent(code, "   ") in (ROOT / "README.rst").read_text(encoding="utf-8")


def test_readme_shows_how_it_is_tested() -> None:
    tests = (EXAMPLE / "test_our_deployments.py").read_text(encoding="utf-8")
    shown = tests[tests.index("class TestTcpCheck") :]

    assert indent(shown, "   ") in (ROOT / "README.rst").read_text(encoding="utf-8")


def test_a_load_balancer_kind_is_under_forty_lines() -> None:
    lines = (EXAMPLE / "haproxy_backend.py").read_text(encoding="utf-8").splitlines()

    assert len([line for line in lines if line.strip()]) < 40


@pytest.mark.exhaustive
def test_a_load_balancer_of_the_sites_own_is_left_and_joined(
    site: Program, haproxy: HAProxy, pair: Pair
) -> None:
    haproxy.in_flight(1)
    detached = site("detach-instance", "Staging-1", *HAPROXY)
    again = site("detach-instance", "Staging-1", *HAPROXY)
    last = site("detach-instance", "Staging-2", *HAPROXY)
    attached = site("attach-instance", "Staging-1", "--load-balancer", "all")

    assert (detached.returncode, detached.stderr) == (0, "")
    assert "Staging-1: leaving app; in-flight requests have up to 30 s" in detached.stdout
    assert "Staging-1: draining" in detached.stdout
    assert "Staging-1: detached from app in" in detached.stdout
    assert "already detached from app; nothing to do" in again.stdout
    assert last.returncode == 2
    assert "Staging-2 is the last healthy instance in app" in last.stderr
    assert "gocd-tasks attach-instance Staging-1 --load-balancer haproxy:app" in last.stderr
    assert (attached.returncode, attached.stderr) == (0, "")
    assert "Staging-1: healthy in app after" in attached.stdout
    assert haproxy.orders == [f"{pair.one.private_ip} maint", f"{pair.one.private_ip} ready"]


def test_a_bare_word_may_mean_one_of_the_sites_own_kind(
    site: Program, haproxy: HAProxy, behind: MakeBalancer
) -> None:
    words = ("detach-instance", "Staging-1", "--dry-run", "--load-balancer")
    meant = site(*words, "app")
    behind("application", name="app")
    doubted = site(*words, "app")
    unknown = site(*words, "ap")

    assert "app (haproxy): 2 healthy of 2" in meant.stdout
    assert doubted.returncode == 2
    assert "app means 2 things; nothing was changed. Say which: haproxy:app or target-group:app" in (
        doubted.stderr
    )
    assert "no target group or load balancer is called ap" in unknown.stderr
    assert "There are: app, haproxy:app" in unknown.stderr


def test_one_that_was_left_is_not_passed_over_where_its_kind_is_not_installed(
    site: Program, gocd_tasks: CommandLine, behind: MakeBalancer
) -> None:
    behind("application", name="web")
    left = site("detach-instance", "Staging-1", *HAPROXY)
    elsewhere = gocd_tasks("attach-instance", "Staging-1", "--load-balancer", "all")

    assert "Staging-1: detached from app in" in left.stdout
    assert elsewhere.returncode == 2
    assert (
        "load balancer kind haproxy (in haproxy:app, which Staging-1 was taken out of) is not known; "
        "there are: classic, target-group; nothing was changed"
    ) in elsewhere.stderr


def test_a_load_balancer_without_counts_in_cloudwatch_says_so(site: Program, tmp_path: Path) -> None:
    jtl = tmp_path / "run.jtl"
    jtl.write_text("timeStamp,elapsed,label,responseCode,success\n1767225600000,5,home,200,true\n")
    words = ("verify-traffic", "--jtl", str(jtl), "--out", str(tmp_path / "out"))
    done = site(*words, "--cloudwatch", "haproxy:app")

    assert done.returncode == 2
    assert done.stderr == "error: CloudWatch counts nothing for app (haproxy); nothing was changed\n"
    assert not (tmp_path / "out").exists()


def test_a_load_balancer_that_cannot_be_asked_is_one_line(site: Program, pair: Pair) -> None:
    done = site("detach-instance", "Staging-1", *HAPROXY, HAPROXY_API="127.0.0.1:9")

    assert done.returncode == 1
    assert done.stderr.startswith("error: HAProxy cannot be asked at 127.0.0.1:9")
    assert len(done.stderr.splitlines()) == 1


def test_an_address_needs_its_own_kind_and_no_other(
    gocd_tasks: CommandLine, behind: MakeBalancer, installed: str
) -> None:
    points = Path(installed) / "our_deployments.egg-info/entry_points.txt"
    points.write_text("[gocd_tasks.load_balancers]\nhaproxy = no_such_module:Backends\n")
    behind("application")
    words = ("detach-instance", "Staging-1", "--dry-run", "--load-balancer")
    addressed = gocd_tasks.installed(*words, "target-group:staging", PYTHONPATH=installed)
    bare = gocd_tasks.installed(*words, "staging", PYTHONPATH=installed)

    assert addressed.returncode == 0
    assert bare.returncode == 2
    assert "load balancer kind haproxy is registered as no_such_module:Backends, which cannot be" in (
        bare.stderr
    )


def test_a_deployer_of_the_sites_own_is_found_by_its_name_and_refused_where_users_are(
    site: Program, tmp_path: Path
) -> None:
    release = tmp_path / "release"
    release.mkdir()
    (release / "content").write_text("2.0")
    share = tmp_path / "share"
    words = ("--version", "2.0", "--via", "share", "--install-to", str(share))
    busy = site("deploy-artifact", "Staging-1", str(release), *words)
    done = site("deploy-artifact", "Staging-1", str(release), *words, "--while-serving")
    refused = site("deploy-artifact", "Staging-1", str(release / "content"), *words)

    assert busy.returncode == 2
    assert "Staging-1 is serving users (healthy in app)" in busy.stderr
    assert "gocd-tasks detach-instance Staging-1 --load-balancer haproxy:app; or" in busy.stderr
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Staging-1: 2.0 is on {share}" in done.stdout
    assert (share / "Staging-1/content").read_text() == "2.0"
    assert refused.returncode == 2
    assert "is no folder; nothing was changed" in refused.stderr


def test_a_check_of_the_sites_own_is_found_by_its_scheme(
    gocd_tasks: CommandLine, pair: Pair, installed: str
) -> None:
    words = ("check-status", "--instance", "Staging-1", "--status-timeout", "1")
    well = gocd_tasks.installed(*words, "--url", "tcp://{private_ip}:8080", PYTHONPATH=installed)
    ill = gocd_tasks.installed(*words, "--url", "tcp://{private_ip}:9", PYTHONPATH=installed)
    unknown = gocd_tasks(*words, "--url", "tcp://{private_ip}:8080")

    assert well.returncode == 0
    assert "Staging-1: answers on its port" in well.stdout
    assert ill.returncode == 3
    assert "takes no connection (Connection refused)" in ill.stderr
    assert unknown.returncode == 2
    assert "is not known; there are: http, https" in unknown.stderr


def test_a_check_of_the_sites_own_is_evidence_to_settle_on(
    gocd_tasks: CommandLine, pair: Pair, installed: str
) -> None:
    words = ("sleep-settle", "--instance", "Staging-1", "--consecutive", "2", "--at-most", "2")
    well = gocd_tasks.installed(*words, "--probe-url", "tcp://{private_ip}:8080", PYTHONPATH=installed)
    ill = gocd_tasks.installed(*words, "--probe-url", "tcp://{private_ip}:9", PYTHONPATH=installed)

    assert (well.returncode, well.stderr) == (0, "")
    assert "settled: 2 good answers in a row" in well.stdout
    assert ill.returncode == 3
    assert "not settled: tcp://" in ill.stderr


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("via_share:NoSuchThing", "which cannot be loaded"),
        ("no_such_module:deployer", "which cannot be loaded"),
    ],
)
def test_one_that_cannot_be_loaded_is_said_in_one_line(
    gocd_tasks: CommandLine, pair: Pair, installed: str, entry: str, said: str
) -> None:
    points = Path(installed) / "our_deployments.egg-info/entry_points.txt"
    points.write_text(f"[gocd_tasks.deployers]\nshare = {entry}\n")
    words = ("Staging-1", "x", "--version", "2.0", "--via", "share")
    done = gocd_tasks.installed("deploy-artifact", *words, PYTHONPATH=installed)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_name_that_two_packages_claim_is_refused(
    gocd_tasks: CommandLine, pair: Pair, installed: str
) -> None:
    points = Path(installed) / "our_deployments.egg-info/entry_points.txt"
    points.write_text("[gocd_tasks.deployers]\nssm = via_share:ShareDeployer\n")
    words = ("Staging-1", "x", "--version", "2.0", "--via", "ssm")
    done = gocd_tasks.installed("deploy-artifact", *words, PYTHONPATH=installed)

    assert done.returncode == 2
    assert "--via ssm is registered 2 times" in done.stderr
