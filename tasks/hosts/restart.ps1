# Starts the current release, after the lines of releases.ps1. Value: restart
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it.

$restartLog = [IO.Path]::Combine($root, '.restart.log')

# SSM keeps only the head of an output, and the verdict comes last: so what a restart says is cut here. What
# went well is read from SSM's list of all instances, which shows 2,500 characters; what failed, from 24,000.
function Restart-Release {
    if (-not $restart) { return $true }
    $script = [IO.Path]::Combine($root, '.restart.ps1')
    # A script's own exit code would be 0 whatever its last command came to.
    $lines = '$ErrorActionPreference = "Stop"', $restart,
        'if ($?) { exit 0 } elseif ($LASTEXITCODE) { exit $LASTEXITCODE } else { exit 1 }'
    # Windows PowerShell reads a script without this mark as the code page of the machine.
    [IO.File]::WriteAllLines($script, [string[]] $lines, (New-Object Text.UTF8Encoding $true))
    $before = $ErrorActionPreference
    $ErrorActionPreference = 'Continue'
    & powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File $script *> $restartLog
    $code = $LASTEXITCODE
    $ErrorActionPreference = $before
    $shown = if ($code -eq 0) { 100 } else { 200 }
    Get-Content -LiteralPath $restartLog -Tail 15 | ForEach-Object {
        [Console]::Out.WriteLine($_.Substring(0, [Math]::Min($shown, $_.Length)))
    }
    return $code -eq 0
}
