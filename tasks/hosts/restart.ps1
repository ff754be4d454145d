# Starts the current release, after the lines of releases.ps1. Values:
#   restart         the command; empty for none
#   restart_within  seconds that it may take; empty for as many as there are, see below
#   within          seconds that the whole script may run
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it.

# What a restart is ended with, and what is left for all else: seconds.
$ending = 6
$spare = 5
$script:why = ''

# The seconds that a restart may take, where so many of them must fit into what is left.
function Get-RestartSeconds([int] $many) {
    $seconds = [Math]::Floor(((Get-SecondsLeft) - $spare) / $many - $ending)
    if ($restart_within) { [Math]::Min([int] $restart_within, $seconds) } else { $seconds }
}

# Nothing is switched that could not be restarted, and back again.
function Test-TimeForRestarts([int] $many) {
    if ($restart -and (Get-RestartSeconds $many) -le 0) {
        Stop-Here "of $within s too few are left to restart anything" 'nothing was changed'
    }
}

# A service of a release before may still write to a file, which nobody else can then.
function Get-FreeName([string] $name) {
    foreach ($more in @('') + (2..99 | ForEach-Object { ".$_" })) {
        $free = "$name$more.log"
        try {
            [IO.File]::Delete([IO.Path]::Combine($root, $free))
            return $free
        } catch { continue }
    }
    throw "$name.log and all that stand for it in $install_to are in use"
}

# SSM reads our output for as long as anybody has it open, and so must nothing that a restart leaves behind. What
# the system's own shell starts for Start-Process without -NoNewWindow gets no handle of ours, and its output goes
# to the file itself, not through a pipe that somebody has to read to its end.
function Start-Apart([string] $script, [string] $log) {
    $powershell = (Get-Command powershell.exe -CommandType Application | Select-Object -First 1).Path
    $words = '-NoProfile -NonInteractive -ExecutionPolicy Bypass -File'
    if ($env:ComSpec) {
        $line = "/d /s /c `"`"$powershell`" $words $script > $log 2>&1 < NUL`""
        Start-Process $env:ComSpec $line -WorkingDirectory $root -WindowStyle Hidden -PassThru
    } else {
        $line = "sh -c `"exec '$powershell' $words $script > $log 2>&1 < /dev/null`""
        Start-Process setsid $line -WorkingDirectory $root -PassThru
    }
}

function Stop-Tree([Diagnostics.Process] $process) {
    if ($env:ComSpec) { & taskkill.exe /T /F /PID $process.Id 2>&1 | Out-Null }
    else { & sh -c "kill -s KILL -- -$($process.Id)" 2>&1 | Out-Null }
    $process.WaitForExit(1000 * ($ending - 1)) | Out-Null
}

# SSM keeps only the head of an output, and the verdict comes last: so what a restart says is cut here. What
# went well is read from SSM's list of all instances, which shows 2,500 characters; what failed, from 24,000.
function Show-Restart([string] $log, [bool] $well) {
    $count = 0
    $last = New-Object Collections.Generic.Queue[string]
    $file = New-Object IO.FileStream ([IO.Path]::Combine($root, $log)), Open, Read, 'ReadWrite, Delete'
    $reader = New-Object IO.StreamReader $file, $plain
    try {
        while ($null -ne ($line = $reader.ReadLine())) {
            $count++
            $last.Enqueue($line)
            if ($last.Count -gt 15) { $last.Dequeue() | Out-Null }
        }
        $size = $file.Length
    } finally { $reader.Dispose() }
    $shown = if ($well) { 1500 } else { 3000 }
    if ($count -gt 15 -or $size -gt $shown) {
        [Console]::Out.WriteLine("($count lines in all, in $install_to\$log; the last ones:)")
    } elseif ($count -and -not $well) {
        [Console]::Out.WriteLine("(what the restart said, also in $install_to\${log}:)")
    } elseif (-not $well) { [Console]::Out.WriteLine('(the restart said nothing)') }
    $text = $last -join "`n"
    if ($count) { [Console]::Out.WriteLine($text.Substring([Math]::Max(0, $text.Length - $shown))) }
}

# Leaves in $why more of how it went, and all that it said in a file of that name. So many are to fit as $many says.
function Restart-Release([string] $name, [int] $many) {
    $script:why = ''
    if (-not $restart) { return $true }
    # A script's own exit code would be 0 whatever its last command came to.
    $lines = '[Console]::OutputEncoding = New-Object Text.UTF8Encoding $false',
        "Set-Location -LiteralPath '$((Get-Location).ProviderPath -replace "'", "''")'",
        '$ErrorActionPreference = "Stop"', $restart,
        'if ($?) { exit 0 } elseif ($LASTEXITCODE) { exit $LASTEXITCODE } else { exit 1 }'
    # Windows PowerShell reads a script without this mark as the code page of the machine.
    $script = '.restart.ps1'
    [IO.File]::WriteAllLines([IO.Path]::Combine($root, $script), [string[]] $lines, (New-Object Text.UTF8Encoding $true))
    $log = Get-FreeName $name
    $seconds = Get-RestartSeconds $many
    $process = Start-Apart $script $log
    # Windows PowerShell forgets the exit code of a process whose handle nobody asked for.
    $process.Handle | Out-Null
    # Without a limit, this would wait for whatever has the output as well.
    if ($process.WaitForExit(1000 * $seconds)) { $well = $process.ExitCode -eq 0 }
    else {
        Stop-Tree $process
        $well = $false
        $script:why = " (the restart had not ended after $seconds s, and was ended)"
    }
    Show-Restart $log $well
    return $well
}
