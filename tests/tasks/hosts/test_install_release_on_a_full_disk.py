"""A disk that a release does not fit on, on both kinds of host: a small one, in a world of its own."""

import shutil
import subprocess
from random import Random

import pytest

from tests.tasks.hosts.story import Story
from tests.tasks.hosts.twins import Hosts

# Mounts for its words alone a small disk on the folder, with what is in it, and keeps what they leave there.
SMALL = """
folder=$1 kept=$2; shift 2
cp -a "$folder" "$kept"
mount -t tmpfs -o size=160k small "$folder"
cp -a "$kept/." "$folder"
"$@"; code=$?
rm -rf "$kept"
cp -a "$folder" "$kept"
exit $code
"""
ALONE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SMALL, "-"]

# Of a disk of 160 kB; zeros take no room before they are unpacked.
BIG = {"written": Random(1).randbytes(150_000).hex(), "unpacked": "0" * 300_000}


@pytest.mark.parametrize("hosts", ["one PowerShell"], indirect=True)
@pytest.mark.parametrize("when", ["unpacked", pytest.param("written", marks=pytest.mark.exhaustive)])
def test_a_disk_that_is_full_changes_nothing_and_is_said(hosts: Hosts, when: str) -> None:
    tried = subprocess.run([*ALONE[:4], "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("this machine gives nobody a world of their own to mount a small disk in")

    def scenario(story: Story) -> None:
        host = story.host
        before = story.install("1.0").stands
        script = story.install_script("1.1", BIG[when])
        kept = host.root / "kept"
        done = host.run(script, *ALONE, str(host.app), str(kept), *host.shell)
        shutil.rmtree(host.app)
        kept.rename(host.app)
        told = story.over("on a full disk", done)
        assert told.code == 1
        assert told.verdict == f"the release could not be {when} (WHY); nothing was changed"
        assert told.stands == before

    hosts.both(scenario)
