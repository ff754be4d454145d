"""One PowerShell that runs script after script, as its start takes twenty times as long as a script.

Each gets a thread and variables of its own, and its output goes to files of its own. What a process alone can
show, a kill or a lock that is let go, needs a PowerShell of its own: ``powershell_host.py``.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gocd.rehearsal.standin_aws.machines import powershell
from tests.tasks.hosts.host import Done, Host
from tests.tasks.hosts.powershell_host import running_powershell_host

# Of an error that nobody catches, PowerShell shows the message, and exits 1.
_PROGRAM = r"""
$plain = New-Object Text.UTF8Encoding $false
$console = [Console]::Out, [Console]::Error
while ($line = [Console]::In.ReadLine()) {
    $asked = $line | ConvertFrom-Json
    foreach ($each in $asked.environment.PSObject.Properties) {
        [Environment]::SetEnvironmentVariable($each.Name, $each.Value)
    }
    $out = New-Object IO.StreamWriter "$($asked.script).out", $false, $plain
    $err = New-Object IO.StreamWriter "$($asked.script).err", $false, $plain
    [Console]::SetOut($out)
    [Console]::SetError($err)
    $runspace = [runspacefactory]::CreateRunspace()
    $runspace.ThreadOptions = 'UseNewThread'
    $runspace.Open()
    $shell = [powershell]::Create()
    $shell.Runspace = $runspace
    $steps = 'Set-Location -LiteralPath $args[1]; $LASTEXITCODE = 0; & $args[0] | Out-Null; $LASTEXITCODE'
    try {
        $shell.AddScript($steps).AddArgument($asked.script).AddArgument($asked.folder) | Out-Null
        $code = @($shell.Invoke())[-1]
    } catch {
        $err.WriteLine($_.Exception.InnerException.Message)
        $code = 1
    }
    $shell.Dispose()
    $runspace.Dispose()
    [Console]::SetOut($console[0])
    [Console]::SetError($console[1])
    $out.Dispose()
    $err.Dispose()
    [Console]::Out.WriteLine($code)
}
"""


class Worker:
    """A PowerShell that is running and does what it is told on its standard input."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, script: Path, environment: dict[str, str]) -> Done:
        assert self._process.stdin
        assert self._process.stdout
        asked = {"script": str(script), "folder": str(script.parent), "environment": environment}
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        out, err = (Path(f"{script}.{end}").read_text(encoding="utf-8") for end in ("out", "err"))
        return Done([script.name], code, out, err)

    @contextmanager
    def host(self, folder: Path) -> Iterator[Host]:
        """Make a Windows host whose scripts run here."""

        class Worked(Host):
            def run(_, script: Path, *shell: str) -> Done:
                return super().run(script, *shell) if shell else self.run(script, _.environment)

        with running_powershell_host(folder, Worked) as host:
            yield host


@contextmanager
def running_worker(folder: Path) -> Iterator[Worker]:
    program = folder / "worker.ps1"
    program.write_bytes(powershell.script_bytes(_PROGRAM))
    powershell.lay_out(folder)
    with subprocess.Popen(
        [str(folder / "powershell.exe"), "-NoProfile", "-NonInteractive", "-File", str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        yield Worker(process)
        assert process.stdin
        process.stdin.close()
