# Installs one release, after the lines of releases.ps1 and fetch.ps1. Values:
#   url sha256 kind version install_to restart keep facts
#   asked  not empty if the release is to be asked whether it is well: until then it is none to go back to
#   made   the time, as yyyyMMddHHmm.ss, of files that were packed without theirs

function Expand-Release([string] $archive, [string] $folder) {
    if ($kind -eq 'zip') {
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        return [IO.Compression.ZipFile]::ExtractToDirectory($archive, $folder, [Text.Encoding]::UTF8)
    }
    # Windows' own before another on PATH: to GNU's, C: is another machine.
    $own = [IO.Path]::Combine([Environment]::SystemDirectory, 'tar.exe')
    $tar = $own, 'tar.exe' | Get-Command -CommandType Application -ErrorAction SilentlyContinue |
        Select-Object -First 1
    if (-not $tar) {
        Stop-Here 'this instance has no tar.exe to unpack a tar with, send a zip' 'nothing was changed'
    }
    # Windows PowerShell takes each line that a program complains in for an error of its own.
    $ErrorActionPreference = 'Continue'
    $said = @(& $tar -xf $archive -C $folder 2>&1)
    if ($LASTEXITCODE -ne 0) { throw "tar.exe exited ${LASTEXITCODE}: $($said[0])" }
}

# Packed without times, files have one of their packer's: of 1970 (tar), 1980 (zip) or 1985 (npm), in every release
# the same. To who asks for what has changed since, the next release would be the one before.
function Set-Times([string] $folder) {
    $time = [DateTime]::ParseExact($made, 'yyyyMMddHHmm.ss', [Globalization.CultureInfo]::InvariantCulture)
    $time = [DateTime]::SpecifyKind($time, 'Utc')
    foreach ($each in (New-Object IO.DirectoryInfo $folder).EnumerateFiles('*', 'AllDirectories')) {
        if ($each.LastWriteTimeUtc.Year -ge 1990 -or $each.Attributes -band [IO.FileAttributes]::ReparsePoint) { continue }
        # Windows PowerShell changes nothing of what may only be read.
        $readOnly = $each.IsReadOnly
        if ($readOnly) { $each.IsReadOnly = $false }
        $each.LastWriteTimeUtc = $time
        if ($readOnly) { $each.IsReadOnly = $true }
    }
}

# What a program holds open cannot go. That stops no deployment: the next one tries again.
function Remove-Leftover([string] $path) {
    try { Remove-Entry $path }
    catch {
        $name = [IO.Path]::GetFileName($path)
        [Console]::Out.WriteLine("$name stays for the next deployment to remove ($(Get-Reason $_))")
    }
}

# Short, for Windows takes no path of more than 259 characters, and free: what was there may have had to stay.
function Get-Spare {
    do { $spare = Get-Place ('.in-' + [Guid]::NewGuid().ToString('N').Substring(0, 4)) }
    while (Get-Attributes $spare)
    $spare
}

# Killed runs leave them behind.
foreach ($pattern in '.in-*', '.incoming.*') {
    [IO.Directory]::GetFileSystemEntries($releases, $pattern) | ForEach-Object { Remove-Leftover $_ }
}

# The same version with other contents gets a folder beside the first.
$release = $version
$known = [IO.Path]::Combine((Get-Place $release), '.sha256')
if ((Test-Release $release) -and
    -not ([IO.File]::Exists($known) -and [IO.File]::ReadAllText($known) -eq $sha256)) {
    $release = $version + '+' + $sha256.Substring(0, 12)
}

if (-not (Test-Release $release)) {
    $incoming = Get-Spare
    $archive = "$incoming.archive"
    try {
        [IO.Directory]::CreateDirectory($incoming) | Out-Null
        Receive-Release $archive
        if ((Get-FileHash -LiteralPath $archive -Algorithm SHA256).Hash -ne $sha256) {
            Stop-Here 'the release arrived with another SHA-256 than it was sent with' 'nothing was changed'
        }
        try { Expand-Release $archive $incoming }
        catch { Stop-Here "the release could not be unpacked ($(Get-Reason $_))" 'nothing was changed' }
        Set-Times $incoming
        # Never through a link that the release may have brought under these names.
        $own = @{ 'release.json' = "$facts`n"; '.version' = $version; '.sha256' = $sha256 }
        if ($asked) { $own['.unanswered'] = '' }
        else { Remove-Entry ([IO.Path]::Combine($incoming, '.unanswered')) }
        foreach ($name in $own.Keys) {
            $path = [IO.Path]::Combine($incoming, $name)
            Remove-Entry $path
            [IO.File]::WriteAllText($path, $own[$name], $plain)
        }
        Move-Folder $incoming (Get-Place $release)
    } finally {
        $incoming, $archive | ForEach-Object { Remove-Leftover $_ }
    }
} else {
    # The same release again is a deployment of its own, with its own time.
    Write-Whole ([IO.Path]::Combine((Get-Place $release), 'release.json')) "$facts`n"
    if (-not $asked) { Remove-Entry ([IO.Path]::Combine((Get-Place $release), '.unanswered')) }
}

Test-TimeForRestarts 2

# Written before the switch. What comes after "current" in it was gone back from, or is only about to be.
if ($current -cne $release) {
    $lines = @(Get-HistoryBefore $current | Where-Object { $_ -cne $release })
    if (Test-Release $current) { $lines += $current }
    $lines += $release
    Write-Whole $historyFile (($lines -join "`n") + "`n")
}
[IO.File]::Delete($goingBackFile)

Switch-To $release
if (-not (Restart-Release '.restart' 2)) {
    $failed = "$version did not start$why"
    $previous = Get-ReleaseBefore $release
    if (-not $previous) { Stop-Here $failed 'there is no earlier release to go back to' }
    $before = Get-Version $previous
    Switch-To $previous
    if (-not (Restart-Release '.restart.back' 1)) { Stop-Here $failed "$before did not start again either$why" }
    $why = ''
    if ((Test-Release $current) -and $current -cne $previous -and -not (Test-Answered $current)) {
        $why = ", as $(Get-Version $current) never answered its status check"
    }
    Stop-Here $failed "$before is running again$why"
}

# Old releases go last: first those that nothing goes back to, then the oldest.
$newest = @(Read-Lines $historyFile | Where-Object { Test-Release $_ })
[Array]::Reverse($newest)
$others = @(Get-ChildItem -LiteralPath $releases -Directory | Where-Object { $_.Name -notlike '.*' } |
    Sort-Object CreationTimeUtc -Descending | ForEach-Object { $_.Name })
$keepers = @($newest + $others | Select-Object -Unique | Select-Object -First ([int] $keep))
$last = if ([int] $keep -ge 2) { Get-ReleaseBefore $release }
foreach ($other in $others) {
    if ($keepers -contains $other -or $other -eq $release -or $other -eq $last) { continue }
    # Out of its name first: half a release is none to go back to.
    $gone = Get-Spare
    try { [IO.Directory]::Move((Get-Place $other), $gone) }
    catch { [Console]::Out.WriteLine("$other is in use and stays for the next deployment to remove") }
    Remove-Leftover $gone
}

$lock.ReleaseMutex()
Show-Success $version "$install_to\releases\$release"
