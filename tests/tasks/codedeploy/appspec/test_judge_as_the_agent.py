"""Whatever CodeDeploy's agent fails for is refused before anything is sent.

Two readings of the agent's sources are held together: the other one is the rehearsal's stand-in for it.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.services.code_deploy.agent.appspec import parse_appspec
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem, inside
from gocd.rehearsal.standin_aws.services.code_deploy.agent.instructions import Copy
from gocd.rehearsal.standin_aws.services.code_deploy.agent.order import ALL_EVENTS
from gocd.rehearsal.standin_aws.services.code_deploy.agent.plan import plan
from tasks.codedeploy.appspec.judge import judge
from tests.tasks.codedeploy.appspec.releases import FILES, bundle

SEED = 13
APPSPECS = 250

ODD = ("", "~", "false", "true", "5", "0", "text", "[]", "{}", "[a]", "{a: b}", "1.5", "'0'")
EVENTS = ("ApplicationStart", "ApplicationStop", "AfterInstal", "ValidateService", "BeforeAllowTraffic")
PLACES = ("/srv/app", "/srv", "/srv/app/scripts", "/usr/bin", "/srv/app/", "/srv/app/start.sh")
ACLS = (
    *("u:deploy:rw", "d:g:staff:r", "mask:rwx", "m:7", "other:r", "u::r", "deploy:8", "deploy:rwq", "a"),
    *("x:y:z:w:v", "d:d:a:r", "g:web:", "o:a:r", "default:o:r", "d:m:rw", "deploy:", "user:other:r"),
)
CONTEXTS = (
    *("{type: t}", "{name: u}", "{type: t, range: s0}", "{type: t, range: 's0-s1:c1.c3,c7'}"),
    *("{type: t, range: 's1-s0'}", "{type: t, range: 's0:c1,c1'}", "{type: t, range: 's0:c1024'}"),
)
LOCATIONS = (
    "scripts/start.sh",
    "/scripts/stop.sh",
    "'  scripts/start.sh '",
    "scripts/none.sh",
    "scripts",
    "''",
)


class Writer:
    """Writes appspecs, most of them with something odd in them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def appspec(self) -> str:
        sections = {"version": self.one("0.0", often=0.98), "os": self.one("linux", often=0.98)}
        for name, write in {
            "hooks": self.hooks,
            "files": self.files,
            "permissions": self.permissions,
        }.items():
            if self._random.random() < 0.6:
                sections[name] = self.one(write(), often=0.98)
        if self._random.random() < 0.1:
            sections["file_exists_behavior"] = self.one("OVERWRITE", "overwrite", "RETAIN")
        return "".join(f"{name}: {text}\n" for name, text in sections.items())

    def one(self, *usual: str, often: float = 0.9) -> str:
        return self._random.choice(usual if self._random.random() < often else ODD)

    def hooks(self) -> str:
        scripts = [f"{event}: {self.one(self.some(self.script))}" for event in self._random.sample(EVENTS, 2)]
        return "{" + ", ".join(scripts) + "}"

    def script(self) -> str:
        return self.mapping(
            location=self.one(*LOCATIONS),
            timeout=self.one("60", "'60'", "-1", "0", "0.5", "1.9", "abc"),
            runas=self.one("root", "deploy"),
        )

    def files(self) -> str:
        sources = ("/", "scripts", "scripts/start.sh", "bin", "bin/app", "none", "/scripts/", "appspec.yml")
        return self.some(lambda: self.mapping(source=self.one(*sources), destination=self.one(*PLACES)))

    def permissions(self) -> str:
        return self.some(
            lambda: self.mapping(
                object=self.one(*PLACES, "/nowhere", "/"),
                mode=self.one("755", "'0755'", "0755", "75555", "789", "7", "'rwx'"),
                pattern=self.one("'*'", "'**'", "'*.sh'", "start.sh"),
                **{"except": self.one("['*.sh']", "[start.sh, x]")},
                type=self.one("[file]", "[directory]", "[file, directory]", "[link]"),
                owner=self.one("root", "app"),
                acls=self.one(self.some(lambda: f"'{self._random.choice(ACLS)}'")),
                context=self.one(*CONTEXTS),
            )
        )

    def some(self, write: Callable[[], str]) -> str:
        return "[" + ", ".join(write() for _ in range(self._random.randint(1, 2))) + "]"

    def mapping(self, **pairs: str) -> str:
        first, *rest = pairs
        kept = [first, *(each for each in rest if self._random.random() < 0.4 or each == "destination")]
        return "{" + ", ".join(f"{name}: {pairs[name]}" for name in kept) + "}"


def failure(appspec: str, archive: Path, root: Path) -> str:
    """What the agent would fail for on an instance with nothing on it; nothing if it would not."""
    try:
        spec = parse_appspec(appspec, "linux")
        for script in (script for scripts in spec.hooks.values() for script in scripts):
            if not inside(archive, script.location).is_file():
                return f"Script does not exist at specified location: {script.location}"
        if unknown := [event for event in spec.hooks if event not in ALL_EVENTS]:
            return f"unknown lifecycle events: {unknown}"
        for step in plan(spec, archive, FileSystem(root), "DISALLOW"):
            if isinstance(step, Copy) and not step.source.exists():
                return f"No such file or directory: {step.source}"
    except AgentFailure as failed:
        return str(failed)
    return ""


def refusals(appspec: str) -> Sequence[str]:
    return [str(each) for each in judge(bundle(appspec), routes_traffic=True).faults]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The release, unpacked."""
    for name, content in {**FILES, "appspec.yml": b""}.items():
        file = tmp_path / "archive" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path / "archive"


def test_what_the_agent_fails_for_is_refused(archive: Path, tmp_path: Path) -> None:
    writer = Writer(SEED)
    written = [writer.appspec() for _ in range(APPSPECS)]
    failing = {each: why for each in written if (why := failure(each, archive, tmp_path))}

    assert {each: why for each, why in failing.items() if not refusals(each)} == {}
    # Neither of them refuses everything.
    assert APPSPECS / 20 < len([each for each in written if not refusals(each)]) < APPSPECS / 2


@pytest.mark.parametrize(
    "files",
    [
        "[{source: bin/app, destination: /srv}, {source: VERSION, destination: /srv/app/}]",
        "[{source: VERSION, destination: /srv/app}, {source: bin, destination: /srv}]",
        "[{source: scripts, destination: /srv}, {source: conf, destination: /srv/start.sh/conf}]",
    ],
)
def test_a_file_where_another_one_needs_a_folder_is_refused(
    archive: Path, tmp_path: Path, files: str
) -> None:
    appspec = f"version: 0.0\nos: linux\nfiles: {files}\n"

    assert failure(appspec, archive, tmp_path).startswith("The deployment failed because the application")
    assert refusals(appspec) != []
