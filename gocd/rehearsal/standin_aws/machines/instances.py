"""EC2 instances: each a folder and real processes on an address of its own."""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.machines import accounts, guardian, powershell, su, systemctl, windows
from gocd.rehearsal.standin_aws.machines.executable import place
from gocd.rehearsal.standin_aws.machines.systemctl import Systemd

# The state of an instance that has been stopped: EC2 API reference, InstanceState.
STOPPED = ("stopped", 80)
_FOLDERS = ("bin", "etc/systemd/system", "var/log", "run", "root", "home/ec2-user")

SYSTEMS = {
    "Linux": ("Amazon Linux", "2023"),
    "MacOS": ("macOS", "14.6"),
    "Windows": ("Microsoft Windows Server 2022 Datacenter", "10.0.20348"),
}


@dataclass(frozen=True)
class Service:
    """What an instance runs: a systemd unit of this name.

    In *exec_start* and *environment* these stand for what is known at launch: ``{root}`` the instance's
    folder, ``{private_ip}``, ``{port}``, ``{install_to}`` below the folder, and ``{python}``, which has the
    standard library only where it is a word of its own. What is on the instance from the start: *files* with
    their text, *programs* for its path with theirs, *archives* unpacked into folders, and *links* with their
    targets. A unit that does not start at boot waits for its first deployment. On a Windows host, paths begin
    with a drive.
    """

    exec_start: Sequence[str]
    unit: str = "app"
    port: int = 8080
    install_to: str = "/opt/app"
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    archives: Mapping[str, Path] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    starts_at_boot: bool = True
    platform: str = "Linux"


@dataclass
class Instance:
    """An EC2 instance; *root* is its file system, *agent_online* whether Systems Manager reaches it.

    *platform* is what Systems Manager says that it runs; if empty, its service's. *command_ends* has each of
    its commands end in this status and these details without being run. *health_known* is whether load
    balancers can tell how it is.
    """

    id: str
    name: str
    private_ip: str
    zone: str
    root: Path
    service: Service | None = None
    agent_online: bool = True
    platform: str = ""
    command_ends: tuple[str, str] | None = None
    health_known: bool = True

    def __post_init__(self) -> None:
        self.platform = self.platform or (self.service.platform if self.service else "Linux")

    def environment(self, mark: str) -> dict[str, str]:
        """Give the environment its processes see; *mark* lets them be found when the stand-in ends.

        What systemd gives a service that runs as root, which is no HOME, USER, LANG or TERM (systemd.exec(5),
        Environment Variables in Spawned Processes), and three of the stand-in's own: ``DESTDIR`` is the
        instance's own ``/``, as installers know it, and ``PRIVATE_IP`` what ``localhost`` would be.
        """
        return {
            "PATH": f"{self.root / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "DESTDIR": str(self.root),
            "INSTANCE_ID": self.id,
            "PRIVATE_IP": self.private_ip,
            guardian.MARK: f"{mark}/{self.id}",
            **(windows.environment(self.root) if self.platform == "Windows" else {}),
        }

    def place(self, path: str) -> Path:
        """Give where an absolute *path* of the instance really is."""
        if self.platform == "Windows":
            return powershell.under(self.root, path)
        return self.root / path.lstrip("/")

    @property
    def system(self) -> tuple[str, str]:
        """Name and version of what it runs, in the words of Systems Manager's agent."""
        return SYSTEMS[self.platform]

    def fail_next_start(self) -> None:
        """Have the service fail the next time that it is started, and only then."""
        assert self.service
        (self.root / f"run/{self.service.unit}.fails-once").touch()

    def lay_out(self, programs: Mapping[str, Path]) -> None:
        """Make the folder: the service's files and unit, its users, and *programs* by their names."""
        for name in _FOLDERS:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        if self.platform == "Windows":
            windows.lay_out(self.root)
            (self.root / windows.SERVICES).hardlink_to(programs["systemctl"])
        else:
            for name, program in programs.items():
                (self.root / "bin" / name).hardlink_to(program)
            for name, text in accounts.FILES.items():
                (self.root / name).write_text(text, encoding="utf-8")
        if self.service is None:
            return
        known = {
            "root": str(self.root),
            "private_ip": self.private_ip,
            "port": str(self.service.port),
            "install_to": str(self.place(self.service.install_to)),
            "python": sys.executable,
        }
        for name, text in self.service.files.items():
            file = self.place(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for name, text in self.service.programs.items():
            place(self.root / "bin" / name, text.encode())
        for name, archive in self.service.archives.items():
            shutil.unpack_archive(archive, self.place(name))
        for name, target in self.service.links.items():
            link = self.place(name)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        command = " ".join(
            f"{shlex.quote(sys.executable)} -IS" if word == "{python}" else shlex.quote(word.format(**known))
            for word in self.service.exec_start
        )
        environment = shlex.join(f"{k}={v.format(**known)}" for k, v in self.service.environment.items())
        (self.root / f"etc/systemd/system/{self.service.unit}.service").write_text(
            f"[Service]\nExecStart={command}\nWorkingDirectory={self.root}\nEnvironment={environment}\n"
            f"\n[X-StandIn]\nAddress={self.private_ip}:{self.service.port}\n",
            encoding="utf-8",
        )


class Instances:
    """The instances of a stand-in AWS, below *folder*; they follow the state EC2 gives them."""

    def __init__(self, folder: Path, mark: str, region: str) -> None:
        self._folder = folder
        self.region = region
        self.mark = mark
        self._by_id: dict[str, Instance] = {}
        self._running: dict[str, bool] = {}
        self._changes: dict[str, threading.Thread] = {}
        self._described: dict[str, Any] = {}
        self._started: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)
        # One for all: to write a program takes another one.
        for name, source in {"systemctl": systemctl.__file__, "su": su.__file__}.items():
            place(folder.with_name(name), f"#!{sys.executable} -IS\n".encode() + Path(source).read_bytes())
        programs = {"systemctl": "systemctl", "su": "su", "sudo": "su"}
        self._programs = {name: folder.with_name(program) for name, program in programs.items()}

    def add(self, instance: Instance) -> None:
        """Lay an instance out and boot it.

        EC2 says of what it runs only that it is Windows (API reference, Instance: ``platform``).
        """
        instance.lay_out(self._programs)
        if instance.platform == "Windows":
            self.described(instance.id).platform = "windows"
        self._running[instance.id] = True
        self._by_id[instance.id] = instance
        if instance.service and not instance.service.starts_at_boot:
            return
        problem = self.systemctl(instance, "start")
        if problem:
            log = instance.root / f"var/log/{instance.service.unit if instance.service else ''}.log"
            raise GoCDError(f"{instance.name} does not start its service: {problem}; its log is {log}")

    def root_of(self, name: str) -> Path:
        return self._folder / name

    def get(self, instance_id: str) -> Instance | None:
        return self._by_id.get(instance_id)

    def __iter__(self) -> Any:
        return iter(list(self._by_id.values()))

    def address(self, instance_id: str) -> str:
        """Give the address at which what runs on an instance really listens."""
        instance = self.get(instance_id)
        return instance.private_ip if instance else str(self.described(instance_id).private_ip)

    def health_known(self, instance_id: str) -> bool:
        instance = self.get(instance_id)
        return instance is None or instance.health_known

    def state(self, instance_id: str) -> str | None:
        """Give EC2's word for an instance's state; none if EC2 knows no such instance."""
        instance = self.described(instance_id)
        return None if instance is None else str(instance.state)

    def described(self, instance_id: str) -> Any:
        """Give moto's record of an instance, also one that an Auto Scaling group launched."""
        from moto.ec2.models import ec2_backends  # noqa: PLC0415 - moto is slow to import

        # Moto looks through all instances each time, and keeps the record of one that was terminated.
        if instance_id not in self._described:
            found = ec2_backends[ACCOUNT][self.region].get_instance_by_id(instance_id)
            if found is None:
                return None
            self._described[instance_id] = found
        return self._described[instance_id]

    def follow(self) -> None:
        """Start and stop what runs on instances that EC2 has started, stopped or terminated."""
        for instance in self:
            state = self.state(instance.id)
            running = state == "running"
            if running != self._running[instance.id]:
                self._running[instance.id] = running
                self._change(instance, "start" if running else "stop")
            elif state == "stopping" and not self._changes[instance.id].is_alive():
                now = self.described(instance.id).instance_state
                now.name, now.code = STOPPED

    def _change(self, instance: Instance, verb: str) -> None:
        before = self._changes.get(instance.id)

        def change() -> None:
            # A stop that overtook its start would find nothing to stop.
            if before:
                before.join()
            self.systemctl(instance, verb)

        self._changes[instance.id] = threading.Thread(target=change, daemon=True)
        self._changes[instance.id].start()

    def systemctl(self, instance: Instance, verb: str) -> str:
        """Do with an instance's service as its systemctl would; gives what that complains of."""
        if instance.service is None or not instance.service.exec_start:
            return ""
        complaint = io.StringIO()
        systemd = Systemd(instance.root, instance.environment(self.mark), io.StringIO(), complaint)
        failed = systemd.obey([verb, instance.service.unit])
        self._started += systemd.children
        return complaint.getvalue().strip() if failed else ""

    def reachable(self, instance: Instance) -> bool:
        """Whether AWS's agents on an instance hear what they are told."""
        return instance.agent_online and self.state(instance.id) == "running"

    def reboot(self, instance: Instance) -> None:
        """Have a machine's own system start anew: every process ends, and its service starts at boot."""
        self.systemctl(instance, "stop")
        guardian.end(f"{self.mark}/{instance.id}")
        self.systemctl(instance, "start")

    def reap(self) -> None:
        """Take note that every service has ended."""
        for process in self._started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
        self._started.clear()

    def forget(self) -> None:
        """Drop every instance and its folder; their processes must have ended."""
        for change in self._changes.values():
            change.join(5)
        self.reap()
        self._changes.clear()
        self._by_id.clear()
        self._running.clear()
        self._described.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
