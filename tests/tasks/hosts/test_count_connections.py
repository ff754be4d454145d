"""Connections, counted by both kinds of host from one table of lists."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines import powershell
from tasks.hosts.script import powershell_script, shell_script
from tests.tasks.hosts.connection_lists import CASES, Case, netstat, proc_files, rows
from tests.tasks.hosts.powershell_host import needs_powershell

# What the script looks its instance up in.
TABLE = "i-0 10.0.0.9 80\ni-1 {}"

# In place of a kernel: its files, and what lists all processes' files.
LINUX = """
cat() { for name in "$@"; do command cat "$PWD$name"; done; }
ls() { command cat fds; }
sleep() { :; }
"""

# Microsoft, "Get-NetTCPConnection", and its class MSFT_NetTCPConnection: the types and names of what it has.
# One PowerShell runs all scripts, each in a scope of its own: they set nothing but their own variables.
WINDOWS = """
$ErrorActionPreference = 'Stop'
enum State {
    Closed = 1; Listen; SynSent; SynReceived; Established; FinWait1; FinWait2; CloseWait; Closing; LastAck
    TimeWait; DeleteTCB; Bound = 100
}
function Start-Sleep { }
function Get-Process {
    [CmdletBinding()] param([int] $Id)
    $name = ($rows | Where-Object { $_.process -eq $Id }).name
    if ($name) { [pscustomobject] @{ ProcessName = $name; Id = $Id } }
    else { Write-Error "Cannot find a process with the process identifier $Id." }
}
function Get-Rows {
    foreach ($row in $rows) {
        [pscustomobject] @{
            LocalAddress = [string] $row.address; LocalPort = [uint16] $row.port; State = [State] $row.state
            OwningProcess = [uint32] $row.process
        }
    }
}
foreach ($way in 'netstat', 'cmdlet', 'neither') {
    if ($way -eq 'cmdlet') { function Get-NetTCPConnection { Get-Rows } }
    if ($way -eq 'neither') { function Get-NetTCPConnection { throw 'Invalid class' } }
    foreach ($case in Get-ChildItem -Directory | Sort-Object Name) {
        $rows = @(Get-Content -Raw -LiteralPath "$case/rows.json" | ConvertFrom-Json)
        $env:PRINTED = if ($way -eq 'neither') { '/none' } else { "$case/printed" }
        & "$case/script.ps1"
    }
}
"""
NETSTAT = '#!/bin/sh\n[ "$1" = -ano ] && [ -f "$PRINTED" ] || exit 5\ncat "$PRINTED"\n'


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_shell_counts_what_linux_lists(tmp_path: Path, case: Case) -> None:
    for name, text in proc_files(case).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    script = LINUX + shell_script(["count_connections"], {"table": TABLE.format(case.asked), "mark": ""})
    environment = {"PATH": os.environ["PATH"], "AWS_SSM_INSTANCE_ID": "i-1"}
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout == f"{case.said}\n"


@needs_powershell
@pytest.mark.exhaustive
def test_powershell_counts_the_same_of_what_windows_lists_and_of_what_netstat_prints_in_any_language(
    tmp_path: Path,
) -> None:
    lists, programs = tmp_path / "lists", tmp_path / "programs"
    programs.mkdir()
    powershell.lay_out(programs)
    (programs / "netstat.exe").write_text(NETSTAT, encoding="utf-8")
    (programs / "netstat.exe").chmod(0o755)
    for number, case in enumerate(CASES):
        place = lists / f"{number:02}"
        place.mkdir(parents=True)
        (place / "rows.json").write_text(json.dumps(rows(case)), encoding="utf-8")
        (place / "printed").write_text(netstat(case), encoding="utf-8")
        script = powershell_script(["count_connections"], {"table": TABLE.format(case.asked), "mark": ""})
        (place / "script.ps1").write_bytes(powershell.script_bytes(script))
    driver = tmp_path / "driver.ps1"
    driver.write_bytes(powershell.script_bytes(WINDOWS))
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "AWS_SSM_INSTANCE_ID": "i-1",
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        powershell.command(driver), cwd=lists, env=environment, capture_output=True, text=True, check=False
    )

    why = "neither Get-NetTCPConnection (Invalid class) nor netstat (netstat exited 5) lists connections"
    by_netstat = [(case.rule, case.printed or case.said) for case in CASES]
    by_cmdlet = [(case.rule, case.said) for case in CASES]
    by_neither = [(case.rule, f"no evidence {why}") for case in CASES]
    said = zip([case.rule for case in CASES] * 3, done.stdout.splitlines(), strict=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(said) == [*by_netstat, *by_cmdlet, *by_neither]
