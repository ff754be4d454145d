"""What others have installed, broken: it is named, by those who use it, and costs nobody else anything."""

from pathlib import Path
from textwrap import dedent

import pytest

from tasks.aws.load_balancer import LoadBalancer, LoadBalancerKind
from tasks.deployers.deployer import Deployer
from tasks.running.errors import Refused
from tasks.running.plugins import find, find_all
from tasks.running.promised import make_promised
from tasks.status.check import Check, find_check
from tests.program import CommandLine
from tests.tasks.test_cli import one_error

GROUP = "gocd_tasks.status_checks"


class Site:
    """A folder that distributions are installed in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def installs(self, name: str, entry_points: str | bytes, code: str = "") -> None:
        """Install a distribution of this *name*, and a module that is called the same."""
        described = self.folder / f"{name}-1.dist-info"
        described.mkdir()
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        told = entry_points if isinstance(entry_points, bytes) else entry_points.encode()
        (described / "entry_points.txt").write_bytes(told)
        (self.folder / f"{name}.py").write_text(code)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.syspath_prepend(tmp_path)
    return Site(tmp_path)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("exits_well", "raise SystemExit(0)", "it ends the process, SystemExit: 0"),
        ("exits_badly", "import sys; sys.exit('bye\\nbye')", "it ends the process, SystemExit: bye bye"),
        ("interrupts", "raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raises", "1 / 0", "ZeroDivisionError: division by zero"),
        ("misspells", "def check(:", "SyntaxError: invalid syntax (misspells.py, line 1)"),
        ("recurses", "def again(): again()\nagain()", "RecursionError: maximum recursion depth exceeded"),
        ("lacks", "import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("holds_nothing", "", "AttributeError: module 'holds_nothing' has no attribute 'Check'"),
    ],
)
def test_one_that_breaks_as_it_is_loaded_is_refused_by_name(
    site: Site, name: str, code: str, said: str
) -> None:
    site.installs(name, f"[{GROUP}]\n{name} = {name}:Check\n", code)

    with pytest.raises(Refused) as refused:
        find(GROUP, name, f"{name}://")

    assert refused.value.what.startswith(
        f"{name}:// is registered as {name}:Check, which cannot be loaded ({said}"
    )
    assert "\n" not in refused.value.what


def test_one_that_is_never_loaded_is_not_waited_for_without_end(site: Site) -> None:
    site.installs("hangs", f"[{GROUP}]\nhangs = hangs:Check\n", "import time; time.sleep(5)")

    with pytest.raises(Refused, match=r"hangs:Check, which cannot be loaded \(it takes longer than 0\.1 s\)"):
        find(GROUP, "hangs", "hangs://", within=0.1)


def test_a_value_that_names_no_object_is_refused(site: Site) -> None:
    site.installs("nothing", f"[{GROUP}]\nnothing = (nothing)!\n")

    with pytest.raises(Refused, match=r"registered as \(nothing\)!, which cannot be loaded"):
        find(GROUP, "nothing", "nothing://")


BROKEN: dict[str, str | bytes] = {
    "no_equals": "[console_scripts]\nthis is no entry\n",
    "twice": "[a]\nb = c\n[a]\nb = c = d\n= e\n",
    "no_text": b"[console_scripts]\nx = \xff\xfe:y\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_another_distribution_cannot_tell_hinders_nobody(site: Site, name: str) -> None:
    site.installs(name, BROKEN[name])

    assert find(GROUP, "http", "http://")
    assert {"classic", "target-group"} <= set(find_all("gocd_tasks.load_balancers", "kind"))


def test_a_distribution_that_cannot_tell_what_it_adds_is_named_where_it_may_be_meant(site: Site) -> None:
    site.installs("odd", f"[{GROUP}]\nthis is no entry\n")

    assert find(GROUP, "http", "http://")
    assert find_all("gocd_tasks.load_balancers", "kind")
    with pytest.raises(Refused, match=r"the entry points of odd cannot be read"):
        find(GROUP, "nowhere", "nowhere://")
    with pytest.raises(Refused, match=r"the entry points of odd cannot be read"):
        find_all(GROUP, "check")


def test_of_two_copies_of_a_distribution_the_first_on_the_path_counts(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.installs("older", f"[{GROUP}]\nolder = older:Old\n", "Old = 'old'")
    (tmp_path / "first").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "first")
    Site(tmp_path / "first").installs("older", f"[{GROUP}]\nolder = older:New\n", "New = 'new'")

    assert find(GROUP, "older", "older://") == "new"


@pytest.mark.parametrize(
    ("name", "code", "lacking"),
    [
        (
            "hollow",
            "class Check:\n    def __init__(self, url, *_):\n        self.url = 0",
            "expectation, missing",
        ),
        ("nothing_made", "def Check(*_): pass", "expectation, missing, url"),
    ],
)
def test_one_that_lacks_what_its_kind_promises_is_refused_with_what(
    site: Site, name: str, code: str, lacking: str
) -> None:
    site.installs(name, f"[{GROUP}]\n{name} = {name}:Check\n", code)

    with pytest.raises(Refused) as refused:
        find_check(f"{name}://here")

    assert refused.value.what == (
        f"what is registered for {name}:// (in {name}://here) is no Check as this version of gocd-tasks "
        f"knows it (it has no {lacking})"
    )


def test_one_that_inherits_and_leaves_out_what_it_should_define_is_refused(site: Site) -> None:
    code = """
        from tasks.status.check import Check as Whole
        class Check(Whole):
            url = expectation = "well"
            def __init__(self, *_): pass
            def misssing(self): return "it is not well"
    """
    site.installs("misspells_it", f"[{GROUP}]\nmisspells_it = misspells_it:Check\n", dedent(code))

    with pytest.raises(Refused, match=r"is no Check as this version .* abstract .*missing"):
        find_check("misspells_it://here")


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        ("takes_nothing", "def Check(): pass", "Check() takes 0 positional arguments but 3 were given"),
        ("a_text", "Check = 'a text'", "'str' object is not callable"),
    ],
)
def test_one_that_cannot_be_made_is_refused(site: Site, name: str, code: str, why: str) -> None:
    site.installs(name, f"[{GROUP}]\n{name} = {name}:Check\n", code)

    with pytest.raises(Refused, match="is no Check as this version of gocd-tasks knows it") as refused:
        find_check(f"{name}://here")

    assert refused.value.what.endswith(f"({why})")


@pytest.mark.parametrize("kind", [Deployer, LoadBalancer, LoadBalancerKind, Check])
def test_every_kind_that_can_be_added_tells_what_it_promises(kind: type) -> None:
    with pytest.raises(Refused, match="it has no "):
        make_promised(object, (), kind, "it")


def test_a_command_never_ends_well_because_what_it_uses_ends_the_process(
    gocd_tasks: CommandLine, tmp_path: Path
) -> None:
    site = Site(tmp_path)
    site.installs("exits", f"[{GROUP}]\nexits = exits:Check\n", "raise SystemExit(0)")
    site.installs("broken", "[console_scripts]\nno entry\n")
    site.installs("leaves", f"[{GROUP}]\nleaves = leaves:check\n", "def check(*_): raise SystemExit(0)")
    loaded = gocd_tasks.installed("check-status", "--url", "exits://here", PYTHONPATH=str(tmp_path))
    used = gocd_tasks.installed("check-status", "--url", "leaves://here", PYTHONPATH=str(tmp_path))

    assert loaded.returncode == 2
    assert "exits:// (in exits://here) is registered as exits:Check, which cannot be" in one_error(loaded)
    assert used.returncode == 1
    assert one_error(used).startswith(
        f"error: leaves:check, which leaves has added, failed: SystemExit: 0 ({tmp_path}/leaves.py, line 1); "
        "nothing was changed"
    )
