"""Which objects a permission is for, and what is refused of its access control list."""

import pytest

from gocd.rehearsal.standin_aws.services.code_deploy.agent.acl import read_acl
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.permissions import Permission, read_permissions


@pytest.mark.parametrize(
    ("pattern", "exceptions", "fitting"),
    [
        ("**", [], {"/srv/app/a.sh", "/srv/app/b.txt", "/srv/app/bin/c.sh"}),
        ("*", [], {"/srv/app/a.sh", "/srv/app/b.txt"}),
        ("*.sh", [], {"/srv/app/a.sh"}),
        ("a*h", [], {"/srv/app/a.sh"}),
        ("b.txt", [], {"/srv/app/b.txt"}),
        ("bin/*", [], set()),
        ("?.sh", [], set()),
        ("**", ["*.sh"], {"/srv/app/b.txt", "/srv/app/bin/c.sh"}),
    ],
)
def test_a_pattern_looks_right_into_the_folder_and_no_deeper(
    pattern: str, exceptions: list[str], fitting: set[str]
) -> None:
    permission = Permission("/srv/app/", pattern, exceptions)
    names = {"/srv/app", "/srv/app/a.sh", "/srv/app/b.txt", "/srv/app/bin/c.sh", "/srv/apps/a.sh"}

    assert {name for name in names if permission.fits(name)} == fitting


@pytest.mark.parametrize(
    ("written", "mode"), [("644", "644"), ("'0644'", "0644"), (4755, "4755"), (7, "007")]
)
def test_a_mode_is_the_digits_that_yaml_has_left(written: object, mode: str) -> None:
    [read] = read_permissions([{"object": "/srv/app", "mode": str(written).strip("'")}], "linux")

    assert read.mode == mode


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("rwx", "Invalid acl entry (rwx)"),
        ("a:b:c:d:e", "Invalid acl entry (a:b:c:d:e)"),
        ("x:user:a:rwx", "Invalid acl entry (x:user:a:rwx)"),
        ("d:d:a:rwx", "Invalid acl entry (d:d:a:rwx)"),
        ("who:a:rwx", "Invalid acl entry (who:a:rwx)"),
        ("mask:a:rwx", "Invalid acl entry (mask:a:rwx)"),
        ("u::rwx", "Use mode to set the base acl entry (u::rwx)"),
        ("other:r", "Use mode to set the base acl entry (other:r)"),
        ("deploy:rq", "contains an invalid character (q)"),
    ],
)
def test_an_entry_that_is_none_is_refused(entry: str, said: str) -> None:
    with pytest.raises(AgentFailure) as refused:
        read_acl([entry])
    assert said in str(refused.value)


def test_a_list_is_made_whole_from_the_mode() -> None:
    given = read_acl(["deploy:6", "g:web:r-x", "m:7"])

    assert given.completed(0o100754) == (
        "user:deploy:rw-,group:web:r-x,mask::rwx,user::rwx,group::r-x,other::r--"
    )
    assert read_acl(["deploy:rw"]).completed(0o640) == (
        "user:deploy:rw-,user::rw-,group::r--,other::---,mask::r--"
    )
    assert read_acl(["d:deploy:rw"]).completed(0o750) == (
        "default:user:deploy:rw-,user::rwx,group::r-x,other::---,"
        "default:user::rwx,default:group::r-x,default:other::---,default:mask::r-x"
    )


def test_what_was_added_for_one_object_is_still_there_for_the_next() -> None:
    given = read_acl(["deploy:rw"])
    given.completed(0o777)

    assert given.completed(0o700).count("user::rwx") == 2
