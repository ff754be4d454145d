"""The PowerShell of a stand-in Windows host: that of this machine, started as Systems Manager's agent does.

Where the machine is no Windows, PowerShell 7 stands for Windows PowerShell, and the folder that ``DESTDIR``
names for all drives.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.machines.executable import place

# amazon-ssm-agent, agent/appconfig/constants_windows.go: PowerShellPluginCommandArgs.
AGENT_ARGUMENTS = (
    "-InputFormat", "None", "-Noninteractive", "-NoProfile", "-ExecutionPolicy", "unrestricted", "-f",
)  # fmt: skip

# Windows PowerShell colours no errors, looks for no newer one, and sends nothing home.
_LAUNCHER = """#!/bin/sh
export NO_COLOR=1 POWERSHELL_UPDATECHECK=Off POWERSHELL_TELEMETRY_OPTOUT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
exec {program} "$@"
"""
# Windows knows no owners as an archive has them.
_TAR = '#!/bin/sh\nexec {program} --no-same-owner "$@"\n'


def find_powershell() -> str | None:
    """Find the PowerShell of this machine on PATH.

    ``pwsh`` first: what is called ``powershell.exe`` in a Linux under Windows knows nothing of its folders.
    """
    names = ("powershell.exe", "pwsh") if sys.platform == "win32" else ("pwsh", "powershell.exe")
    return next((found for name in names if (found := shutil.which(name))), None)


def required() -> str:
    """Find the PowerShell of this machine.

    Raises:
        GoCDError: It has none.
    """
    if found := find_powershell():
        return found
    raise GoCDError("Windows hosts need a PowerShell here: install PowerShell 7, with its pwsh on PATH")


def lay_out(folder: Path) -> None:
    """Give a host what Windows has, ``powershell.exe`` and ``tar.exe``, in a *folder* on its PATH.

    Raises:
        GoCDError: This machine has no PowerShell.
    """
    powershell = required()
    place(folder / "powershell.exe", _LAUNCHER.format(program=shlex.quote(powershell)).encode())
    # Windows' own is bsdtar: Microsoft, "Tar and Curl Come to Windows".
    tar = shutil.which("bsdtar") or shutil.which("tar") or "tar"
    place(folder / "tar.exe", _TAR.format(program=shlex.quote(tar)).encode())


def script_bytes(text: str) -> bytes:
    """Return a script as the agent writes it, which is with a byte order mark, for this machine.

    A junction is Windows' own: asked for one elsewhere, PowerShell says nothing and makes nothing.
    """
    if sys.platform != "win32":
        text = text.replace("-ItemType Junction", "-ItemType SymbolicLink")
    return text.encode("utf-8-sig")


def command(script: Path) -> list[str]:
    """Return the words by which the agent starts a script; the program is found on the host's PATH."""
    return ["powershell.exe", *AGENT_ARGUMENTS, str(script)]


def under(destdir: Path, folder: str) -> Path:
    """Return where an absolute *folder* of Windows is below *destdir*: ``C:`` is the folder ``C``."""
    drive, _, path = folder.replace("\\", "/").partition(":")
    return destdir / drive / path.strip("/")
