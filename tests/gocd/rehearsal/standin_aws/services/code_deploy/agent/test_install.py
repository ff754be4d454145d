"""What an install removes, makes and copies, and in which order: on real files."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines.accounts import FILES
from gocd.rehearsal.standin_aws.services.code_deploy.agent.appspec import parse_appspec
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem
from gocd.rehearsal.standin_aws.services.code_deploy.agent.install import install

HEAD = "version: 0.0\nos: linux\n"
APP = "files: [{source: app, destination: /srv/app}]\n"


class Host:
    """An instance's files, and installs on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "etc").mkdir(parents=True)
        for name, text in FILES.items():
            (root / name).write_text(text)

    def install(self, sections: str, release: Mapping[str, str], behavior: str = "DISALLOW") -> Path:
        """Unpack a release and install it; gives the folder that it was unpacked in."""
        archive = self.root / f"opt/release-{len(list(self.root.glob('opt/release-*')))}"
        for name, text in release.items():
            file = archive / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.install_from(archive, sections, behavior)
        return archive

    def install_from(self, archive: Path, sections: str, behavior: str = "DISALLOW") -> None:
        spec = parse_appspec(HEAD + sections, "linux")
        cleanup = self.root / "group-cleanup"
        install(spec, archive, FileSystem(self.root), cleanup, behavior, dict(os.environ))

    def refusal(self, sections: str, release: Mapping[str, str], behavior: str = "DISALLOW") -> str:
        with pytest.raises(AgentFailure) as refused:
            self.install(sections, release, behavior)
        return str(refused.value)

    def there(self) -> set[str]:
        """What is below /srv: files, and folders with a slash at their end."""
        found = (self.root / "srv").rglob("*")
        return {f"{each.relative_to(self.root / 'srv')}{'/' * each.is_dir()}" for each in found}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


def test_what_the_last_install_made_goes_and_its_folders_once_they_are_empty(host: Host) -> None:
    host.install(APP, {"app/old/only": "1", "app/both": "1", "app/kept/a": "1"})
    (host.root / "srv/app/kept/by-hand").write_text("mine")
    host.install(APP, {"app/both": "2"})

    assert host.there() == {"app/", "app/both", "app/kept/", "app/kept/by-hand"}
    assert (host.root / "srv/app/both").read_text() == "2"


def test_a_plan_that_fails_comes_after_the_old_files_went_and_before_any_new_one(host: Host) -> None:
    host.install(APP, {"app/a": "1", "app/b": "1"})
    (host.root / "srv/app").mkdir(exist_ok=True)
    (host.root / "srv/app/z").write_text("by hand")
    said = host.refusal(APP, {"app/a": "2", "app/z": "2"})

    assert said == (
        "The deployment failed because a specified file already exists at this location: /srv/app/z"
    )
    assert host.there() == {"app/", "app/z"}
    # What was removed is remembered no more: a file of the same name is somebody else's.
    (host.root / "srv/app/a").write_text("by hand")
    host.install("files: []\n", {})
    assert host.there() == {"app/", "app/a", "app/z"}


@pytest.mark.parametrize(("behavior", "left"), [("OVERWRITE", "2"), ("RETAIN", "by hand")])
@pytest.mark.parametrize("told_by", ["the deployment", "the appspec"])
def test_a_file_in_the_way_is_replaced_or_kept_as_told_and_the_appspec_goes_first(
    host: Host, behavior: str, left: str, told_by: str
) -> None:
    (host.root / "srv/app").mkdir(parents=True)
    (host.root / "srv/app/a").write_text("by hand")
    own = f"file_exists_behavior: {behavior}\n" if told_by == "the appspec" else ""
    host.install(APP + own, {"app/a": "2"}, "DISALLOW" if own else behavior)

    assert (host.root / "srv/app/a").read_text() == left
    # The agent removes what it copied, whoever had it before, and nothing that it retained.
    host.install("files: []\n", {})
    assert (host.root / "srv/app/a").exists() is (behavior == "RETAIN")


def test_links_stay_links_but_one_to_a_folder_becomes_that_folder(host: Host, tmp_path: Path) -> None:
    archive = tmp_path / "host/opt/made"
    (archive / "app/lib").mkdir(parents=True)
    (archive / "app/lib/one").write_text("1")
    (archive / "app/to-file").symlink_to("lib/one")
    (archive / "app/to-nowhere").symlink_to("/not/there")
    (archive / "app/to-folder").symlink_to("lib")
    host.install_from(archive, APP)
    app = host.root / "srv/app"

    assert (app / "to-file").readlink() == Path("lib/one")
    assert (app / "to-nowhere").readlink() == Path("/not/there")
    assert not (app / "to-folder").is_symlink()
    assert (app / "to-folder/one").read_text() == "1"
    host.install("files: []\n", {})
    assert host.there() == set()


def test_files_keep_their_modes_and_times_and_folders_do_not(host: Host, tmp_path: Path) -> None:
    archive = tmp_path / "host/opt/made"
    (archive / "app").mkdir(parents=True)
    (archive / "app/run").write_text("1")
    (archive / "app/run").chmod(0o751)
    os.utime(archive / "app/run", (1_000_000_000, 1_000_000_000))
    (archive / "app").chmod(0o700)
    host.install_from(archive, APP)

    assert (host.root / "srv/app/run").stat().st_mode & 0o7777 == 0o751
    assert (host.root / "srv/app/run").stat().st_mtime == 1_000_000_000
    assert (host.root / "srv/app").stat().st_mode & 0o777 == 0o777 & ~_umask()


def test_a_source_may_be_a_file_a_folder_or_all_there_is(host: Host) -> None:
    host.install(
        "files: [{source: /a, destination: /srv/one}, {source: /, destination: /srv/all}]\n",
        {"a": "1", "sub/b": "2", "appspec.yml": "..."},
    )

    assert host.there() == {"one/", "one/a", "all/", "all/a", "all/sub/", "all/sub/b", "all/appspec.yml"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            "[{source: x/a, destination: /srv}, {source: y/a, destination: /srv}]",
            "specifies two source files named /opt/release-0/y/a and /opt/release-0/x/a for the same",
        ),
        (
            "[{source: x, destination: /srv/a}, {source: y/a, destination: /srv}]",
            "calls for installing the file /opt/release-0/y/a, but a file with that name already exists",
        ),
        (
            "[{source: y/a, destination: /srv}, {source: x, destination: /srv/a}]",
            "includes an mkdir command more than once for the same destination path (/srv/a)",
        ),
        ("[{source: x, destination: 5}]", "no implicit conversion of Integer into String"),
        ("[{source: true, destination: /srv}]", "no implicit conversion of true into String"),
        (
            "[{source: none, destination: /srv}]",
            "No such file or directory @ rb_sysopen - /opt/release-0/none",
        ),
    ],
)
def test_an_install_that_runs_into_itself_is_refused(host: Host, files: str, said: str) -> None:
    assert said in host.refusal(f"files: {files}\n", {"x/a": "1", "y/a": "2"})


def test_what_a_half_done_install_has_made_is_removed_by_the_next(host: Host) -> None:
    host.refusal("files: [{source: a, destination: /srv}, {source: none, destination: /srv}]\n", {"a": "1"})
    assert host.there() == {"a"}

    host.install("files: []\n", {})
    assert host.there() == set()


@pytest.mark.parametrize(
    ("source", "call"), [("app", "dir_s_mkdir - /srv/app"), ("app/a", "rb_sysopen - /srv/app/a")]
)
def test_a_file_where_a_folder_should_be_is_told(host: Host, source: str, call: str) -> None:
    (host.root / "srv").mkdir()
    (host.root / "srv/app").write_text("a file")

    assert host.refusal(f"files: [{{source: {source}, destination: /srv/app}}]\n", {"app/a": "1"}).endswith(
        call
    )


def test_no_link_leads_out_of_the_instance(host: Host, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_text("mine")
    (host.root / "srv").symlink_to(outside)

    assert "leads out of this instance" in host.refusal(
        "files: [{source: a, destination: /srv}]\n", {"a": "2"}, "OVERWRITE"
    )
    assert (outside / "a").read_text() == "mine"


def test_permissions_are_for_what_this_install_makes(host: Host) -> None:
    (host.root / "srv/app").mkdir(parents=True)
    (host.root / "srv/app/there").write_text("by hand")
    (host.root / "srv/app/there").chmod(0o644)
    host.install(
        APP
        + "permissions:\n"
        + "  - {object: /srv/app, pattern: '*.sh', mode: 750, type: [file]}\n"
        + "  - {object: /srv/app/sub, mode: 600, type: [file], except: [c.txt]}\n"
        + "  - {object: /srv/app, mode: 711, type: [directory]}\n"
        + "  - {object: /srv/app/b.txt, mode: 4711}\n"
        + "  - {object: /srv/none, mode: 777}\n",
        {"app/a.sh": "", "app/b.txt": "", "app/sub/c.txt": "", "app/sub/d.sh": ""},
    )
    app = host.root / "srv/app"
    modes = {
        each.relative_to(app).as_posix(): oct(each.stat().st_mode & 0o7777)[2:]
        for each in app.rglob("*")
        if each.name != "c.txt"
    }

    assert modes == {"a.sh": "750", "b.txt": "4711", "sub": "711", "sub/d.sh": "600", "there": "644"}
    assert (app / "sub/c.txt").stat().st_mode & 0o777 == 0o666 & ~_umask()


@pytest.mark.parametrize(
    ("permissions", "said"),
    [
        ("[{object: /srv/app, mode: 755}, {object: /srv/app, mode: 755}]", "is specified more than once"),
        (
            "[{object: /srv/app/a, pattern: '*'}]",
            "includes an object (/srv/app/a) with an invalid pattern (*)",
        ),
        (
            "[{object: /srv/app/a, except: [b]}]",
            '(["b"]) for the object named /srv/app/a contains an invalid',
        ),
        ("[{object: /srv/app, acls: ['d:root:rw']}]", "the -d parameter has been specified to apply an acl"),
    ],
)
def test_permissions_that_contradict_themselves_fail_before_anything_is_copied(
    host: Host, permissions: str, said: str
) -> None:
    assert said in host.refusal(f"{APP}permissions: {permissions}\n", {"app/a": ""})
    assert host.there() == set()


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("owner: nobody-here", "can't find user for nobody-here"),
        ("group: none-here", "can't find group for none-here"),
        ("owner: 1000", "no implicit conversion of Integer into String"),
        ("pattern: 5", "undefined method `chars' for 5:Integer"),
    ],
)
def test_an_owner_is_a_user_of_the_instance_by_name(host: Host, owner: str, said: str) -> None:
    assert host.refusal(f"{APP}permissions: [{{object: /srv/app, {owner}}}]\n", {"app/a": ""}) == said


def test_files_are_given_to_their_owner_or_it_is_said_that_they_are_not(host: Host) -> None:
    host.install(
        f"{APP}permissions: [{{object: /srv/app, owner: ec2-user, group: ec2-user}}]\n", {"app/a": ""}
    )
    found = (host.root / "srv/app/a").stat()
    log = (host.root / "var/log/aws/codedeploy-agent/codedeploy-agent.log").read_text()

    if os.geteuid() == 0:
        assert (found.st_uid, found.st_gid, log) == (1000, 1000, "")
    else:
        assert log == "/srv/app/a: not given to ec2-user:ec2-user, for this stand-in does not run as root\n"


def test_a_context_fails_on_a_host_without_selinux(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    permissions = (
        "permissions: [{object: /srv/app/a, context: {type: httpd_sys_content_t, name: u, range: s0}}]\n"
    )

    assert host.refusal(APP + permissions, {"app/a": ""}).endswith(
        "semanage fcontext -a -s u -t httpd_sys_content_t -r s0 /srv/app/a. Exit code: pid 1 exit 127"
    )
    assert "Failed command: setfacl --set user:root:rw-,user::rw-" in host.refusal(
        f"{APP}permissions: [{{object: /srv/app/a, acls: ['root:rw']}}]\n", {"app/a": ""}
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
