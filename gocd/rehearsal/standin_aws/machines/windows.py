"""A stand-in Windows host: folders of a drive, environment of a service, and its commands for services."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gocd.rehearsal.standin_aws.machines import powershell, programs
from gocd.rehearsal.standin_aws.machines.executable import place

# Where services run as LocalSystem does, where they put what is temporary, and LocalSystem's home.
AGENTS, TEMPORARY = "C/Windows/System32", "C/Windows/Temp"
HOME = f"{AGENTS}/config/systemprofile"

# Beside the programs on PATH, as no Windows has it.
SERVICES = "services/systemctl"

# PowerShell has these for Windows' own services alone; it finds a script of a command's name as it would the
# command. A name is good in any case, and an error ends what runs under -ErrorAction Stop.
_COMMAND = """\
[CmdletBinding()]
param([Parameter(Mandatory, Position = 0)] [string[]] $Name, [switch] $Force)
$verb = $MyInvocation.MyCommand.Name.Split('-')[0].ToLowerInvariant()
$exitCode = $global:LASTEXITCODE
foreach ($service in $Name) {
    $unit = [IO.Directory]::GetFiles("$env:DESTDIR/etc/systemd/system") |
        ForEach-Object { [IO.Path]::GetFileNameWithoutExtension($_) } | Where-Object { $_ -eq $service }
    if ($unit) {
        & "$env:DESTDIR/{services}" $(if ($verb -eq 'get') { 'is-active' } else { $verb }) $unit *> $null
        $failed = $LASTEXITCODE
        $global:LASTEXITCODE = $exitCode
        if ($verb -eq 'get') {
            [pscustomobject] @{ Status = if ($failed) { 'Stopped' } else { 'Running' }; Name = $unit }
            continue
        }
        if (-not $failed) { continue }
        $why = "Failed to $verb service '$unit ($unit)'."
    } else { $why = "Cannot find any service with service name '$service'." }
    $PSCmdlet.WriteError((New-Object Management.Automation.ErrorRecord $why, $verb, 'NotSpecified', $service))
}
"""
COMMANDS = ("Get-Service", "Restart-Service", "Start-Service", "Stop-Service")


def lay_out(root: Path) -> None:
    """Give the host at *root* its folders and what is on its PATH.

    Raises:
        GoCDError: This machine has no PowerShell.
    """
    for folder in (AGENTS, TEMPORARY, HOME, Path(SERVICES).parent):
        (root / folder).mkdir(parents=True, exist_ok=True)
    powershell.lay_out(root / "bin")
    place(root / "bin/netstat.exe", programs.netstat_program().encode())
    for name in COMMANDS:
        text = _COMMAND.replace("{services}", SERVICES)
        (root / "bin" / f"{name}.ps1").write_text(text, encoding="utf-8")


def environment(root: Path) -> Mapping[str, str]:
    """Give what a service finds in its environment; a PowerShell for Linux goes by HOME and TMPDIR."""
    home, temporary = str(root / HOME), str(root / TEMPORARY)
    return {
        "SystemRoot": "C:\\Windows",
        "TEMP": temporary,
        "TMP": temporary,
        "USERPROFILE": home,
        "HOME": home,
        "TMPDIR": temporary,
    }
