# Installs one release, after the lines of releases.ps1 and fetch.ps1. Values:
#   url sha256 kind version install_to restart keep facts

function Expand-Release([string] $archive, [string] $folder) {
    if ($kind -eq 'zip') {
        Expand-Archive -LiteralPath $archive -DestinationPath $folder
    } elseif (Get-Command tar.exe -ErrorAction SilentlyContinue) {
        & tar.exe -xf $archive -C $folder
        if ($LASTEXITCODE -ne 0) { throw "tar.exe exited $LASTEXITCODE" }
    } else {
        Stop-Here 'this instance has no tar.exe to unpack a tar with, send a zip; nothing was changed'
    }
}

# Killed runs leave them behind.
[IO.Directory]::GetDirectories($releases, '.incoming.*') | ForEach-Object { [IO.Directory]::Delete($_, $true) }

# The same version with other contents gets a folder beside the first.
$release = $version
$known = [IO.Path]::Combine((Get-Place $release), '.sha256')
if ((Test-Release $release) -and
    -not ([IO.File]::Exists($known) -and [IO.File]::ReadAllText($known) -eq $sha256)) {
    $release = $version + '+' + $sha256.Substring(0, 12)
}

if (-not (Test-Release $release)) {
    $incoming = Get-Place ('.incoming.' + [Guid]::NewGuid().ToString('N'))
    $unpacked = [IO.Path]::Combine($incoming, 'release')
    try {
        [IO.Directory]::CreateDirectory($unpacked) | Out-Null
        # Expand-Archive takes no other ending.
        $archive = [IO.Path]::Combine($incoming, 'archive.zip')
        Receive-Release $archive
        if ((Get-FileHash -LiteralPath $archive -Algorithm SHA256).Hash -ne $sha256) {
            Stop-Here 'the release arrived with another SHA-256 than it was sent with; nothing was changed'
        }
        try { Expand-Release $archive $unpacked }
        catch {
            Stop-Here "the release could not be unpacked ($($_.Exception.Message)); nothing was changed"
        }
        [IO.File]::WriteAllText([IO.Path]::Combine($unpacked, 'release.json'), "$facts`n", $plain)
        [IO.File]::WriteAllText([IO.Path]::Combine($unpacked, '.version'), $version, $plain)
        [IO.File]::WriteAllText([IO.Path]::Combine($unpacked, '.sha256'), $sha256, $plain)
        [IO.Directory]::Move($unpacked, (Get-Place $release))
    } finally {
        if ([IO.Directory]::Exists($incoming)) { [IO.Directory]::Delete($incoming, $true) }
    }
} else {
    # The same release again is a deployment of its own, with its own time.
    Write-Whole ([IO.Path]::Combine((Get-Place $release), 'release.json')) "$facts`n"
}

# Written before the switch. What comes after "current" in it was gone back from, or is only about to be.
if ($current -cne $release) {
    $lines = @(Get-HistoryBefore $current | Where-Object { $_ -cne $release })
    if (Test-Release $current) { $lines += $current }
    $lines += $release
    Write-Whole $historyFile (($lines -join "`n") + "`n")
}
[IO.File]::Delete($goingBackFile)

Switch-To $release
if (-not (Restart-Release)) {
    $previous = Get-ReleaseBefore $release
    if (-not $previous) { Stop-Here "$version did not start; there is no earlier release to go back to" }
    $before = Get-Version $previous
    Switch-To $previous
    if (-not (Restart-Release)) { Stop-Here "$version did not start; $before did not start again either" }
    Stop-Here "$version did not start; $before is running again"
}

# Old releases go last: first those that nothing goes back to, then the oldest.
$newest = @(Read-Lines $historyFile)
[Array]::Reverse($newest)
$others = Get-ChildItem -LiteralPath $releases -Directory -Force | Sort-Object CreationTimeUtc -Descending
$keepers = @(@($newest) + @($others.Name) | Where-Object { $_ } | Select-Object -Unique -First ([int] $keep))
foreach ($other in $others) {
    if ($keepers -cnotcontains $other.Name -and $other.Name -cne $release) {
        # A file that a process still holds open cannot go; the next deployment tries again.
        Remove-Item -LiteralPath $other.FullName -Recurse -Force -ErrorAction SilentlyContinue
    }
}

$lock.ReleaseMutex()
[Console]::Out.WriteLine("running $version from $install_to\releases\$release")
