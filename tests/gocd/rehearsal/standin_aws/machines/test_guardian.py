import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.loopback import LoopbackNetwork
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually

PROGRAM = """
import sys, time
from pathlib import Path
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from tests.gocd.rehearsal.standin_aws.service import SERVICE

with StandInAWS(Path(sys.argv[1]), registration_delay=0.1, health_check_speed=50) as aws:
    host = aws.launch("Staging-1", service=SERVICE)
    aws.target_group("web", instances=[host])
    aws.client("ssm").send_command(
        InstanceIds=[host.id],
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": ["setsid sleep 600 & sleep 600"]},
    )
    time.sleep(0.5)
    print(aws.mark, flush=True)
    sys.stdin.readline()
"""


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a stand-in with a service and a command that runs; gives it and its mark."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=Path(__file__).parents[5],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    mark = program.stdout.readline().strip()
    # Envoy, the service, and the command's shell with two that sleep.
    assert len(guardian.marked(mark)) >= 4
    return program, mark


def test_nothing_is_left_when_the_stand_in_is_killed(tmp_path: Path) -> None:
    program, mark = start(tmp_path)
    os.kill(program.pid, signal.SIGKILL)
    program.communicate()

    eventually(lambda: guardian.marked(mark), [])


def test_nothing_is_left_when_the_stand_in_ends(tmp_path: Path) -> None:
    program, mark = start(tmp_path)
    program.communicate("end\n")

    assert program.returncode == 0
    assert guardian.marked(mark) == []


def test_two_stand_ins_have_two_networks() -> None:
    one, two = LoopbackNetwork(), LoopbackNetwork()

    assert one.cidr != two.cidr
    one.release()
    two.release()


def test_a_machine_that_binds_only_127_0_0_1_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(socket.socket):
        def bind(self, address: object) -> None:
            raise OSError(49, f"Can't assign requested address {address}")

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(GoCDError, match="Linux allows and macOS does not"):
        LoopbackNetwork()


def test_a_second_stand_in_in_one_process_is_refused(standin: World, tmp_path: Path) -> None:
    with pytest.raises(GoCDError, match="already running in this process"), StandInAWS(tmp_path):
        pass


def test_importing_the_stand_in_does_not_import_moto() -> None:
    heavy = "sys.exit(bool({'moto', 'botocore'} & set(sys.modules)))"
    program = f"import sys, gocd.rehearsal.standin_aws.cloud; {heavy}"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
