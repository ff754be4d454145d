# Goes back to an earlier release, after the lines of releases.ps1. Values:
#   install_to restart
#   to       the version to go to; empty for the release before the current one
#   leaving  the version that must be current, or nothing is done; empty for any

if (-not (Test-Release $current)) { Stop-Here "$install_to\current leads to no release" 'nothing was changed' }
$now = Get-Version $current
if ($leaving -and $now -cne $leaving) {
    Stop-Here "$now was put there meanwhile, and not $leaving" 'it was left alone'
}

if ($to) {
    # Of folders with the same version, the one that was current last.
    $meant = { (Test-Release $_) -and (Get-Version $_) -ceq $to }
    $target = @(Read-Lines $historyFile | Where-Object $meant) | Select-Object -Last 1
    if (-not $target) {
        $names = Get-ChildItem -LiteralPath $releases -Directory | ForEach-Object { $_.Name }
        $target = @($names | Where-Object $meant) | Select-Object -First 1
    }
    if (-not $target) { Stop-Here "there is no release $to in $install_to" 'nothing was changed' }
} elseif (@(Read-Lines $goingBackFile) -ccontains $current) {
    # A run was killed after its switch: its restart is what is missing.
    $target = $current
} else {
    $target = Get-ReleaseBefore $current
    if (-not $target) { Stop-Here "there is no earlier release than $now to go back to" "$now stays" }
    # By hand there is somebody to ask; a new release that is not well goes, whatever comes after it.
    if (-not $leaving -and -not (Test-Answered $target)) {
        $name = Get-Version $target
        $none = "no earlier release than $now has answered its status check"
        Stop-Here "$none; $name, which never did, can be named" "$now stays"
    }
}

$then = Get-Version $target
Test-TimeForRestarts 1
Write-Whole $goingBackFile "$target`n"
Switch-To $target
if (-not (Restart-Release '.restart' 1)) { Stop-Here "$then did not start$why" 'it is current all the same' }
[IO.File]::Delete($goingBackFile)

$lock.ReleaseMutex()
Show-Success $then (Show-Place $target)
