# What installing a release and going back to one share. Lines before this set the values they use.
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it.
#
# In the install folder: releases\NAME, each whole and never rewritten, but for the record of when it was last
# deployed, release.json; "current", a junction to one of them;
# ".history", their names in the order in which they became current. Where "current" stands in it tells which
# release was before: going back moves the junction and writes nothing else.

$ErrorActionPreference = 'Stop'
# Progress bars make downloads and archives many times slower, and nobody sees them here.
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol =
    [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

$releases = [IO.Path]::Combine($install_to, 'releases')
$currentLink = [IO.Path]::Combine($install_to, 'current')
$newLink = [IO.Path]::Combine($install_to, '.current.new')
$oldLink = [IO.Path]::Combine($install_to, '.current.old')
$historyFile = [IO.Path]::Combine($install_to, '.history')
$goingBackFile = [IO.Path]::Combine($install_to, '.going-back')
$restartLog = [IO.Path]::Combine($install_to, '.restart.log')
$plain = New-Object Text.UTF8Encoding $false

function Stop-Here([string] $why) {
    [Console]::Error.WriteLine($why)
    exit 1
}

function Get-Place([string] $name) { [IO.Path]::Combine($releases, $name) }

function Test-Release([string] $name) { $name -and [IO.Directory]::Exists((Get-Place $name)) }

function Write-Whole([string] $path, [string] $text) {
    [IO.File]::WriteAllText("$path.new", $text, $plain)
    if ([IO.File]::Exists($path)) { [IO.File]::Replace("$path.new", $path, [NullString]::Value) }
    else { [IO.File]::Move("$path.new", $path) }
}

function Read-Lines([string] $path) {
    if ([IO.File]::Exists($path)) { [IO.File]::ReadAllLines($path, $plain) | Where-Object { $_ } }
}

function Remove-Link([string] $path) {
    # Not recursive: the junction goes, and what it leads to stays.
    if ([IO.Directory]::Exists($path)) { [IO.Directory]::Delete($path, $false) }
}

# NTFS replaces no folder by renaming another over it, so between two renames there is no "current" for a
# moment. A run that ends in that moment is made good by the next one, from ".current.old".
function Switch-To([string] $name) {
    Remove-Link $newLink
    Remove-Link $oldLink
    New-Item -ItemType Junction -Path $newLink -Value (Get-Place $name) | Out-Null
    if ([IO.Directory]::Exists($currentLink)) { [IO.Directory]::Move($currentLink, $oldLink) }
    [IO.Directory]::Move($newLink, $currentLink)
    Remove-Link $oldLink
}

function Get-Current {
    if (-not [IO.Directory]::Exists($currentLink)) { return '' }
    $target = @((Get-Item -LiteralPath $currentLink -Force).Target)[0]
    if ($target) { [IO.Path]::GetFileName($target.TrimEnd('\')) } else { '' }
}

# The history as far as $name, which is left out; all of it if $name is not in it.
function Get-HistoryBefore([string] $name) {
    foreach ($entry in @(Read-Lines $historyFile)) {
        if ($entry -ceq $name) { break }
        $entry
    }
}

function Get-ReleaseBefore([string] $name) {
    @(Get-HistoryBefore $name | Where-Object { Test-Release $_ }) | Select-Object -Last 1
}

function Get-Version([string] $name) {
    $file = [IO.Path]::Combine((Get-Place $name), '.version')
    if ([IO.File]::Exists($file)) { [IO.File]::ReadAllText($file, $plain) } else { $name }
}

# SSM keeps only the head of an output, and the verdict comes last: so what a restart says is cut here. What
# went well is read from SSM's list of all instances, which shows 2,500 characters; what failed, from 24,000.
function Restart-Release {
    if (-not $restart) { return $true }
    $script = [IO.Path]::Combine($install_to, '.restart.ps1')
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

# One deployment at a time: a run that was killed on the agent may still be at work here.
$sha = [Security.Cryptography.SHA256]::Create()
$hash = $sha.ComputeHash([Text.Encoding]::UTF8.GetBytes($install_to.ToLowerInvariant().TrimEnd('\', '/')))
$lock = New-Object Threading.Mutex $false, ('Global\gocd-tasks-' + [BitConverter]::ToString($hash, 0, 16))
try {
    if (-not $lock.WaitOne(300000)) {
        Stop-Here "another deployment has been at work in $install_to for 300 s; nothing was changed"
    }
} catch [Threading.AbandonedMutexException] {
    # Whoever had it was killed; it is ours now.
}

try { [IO.Directory]::CreateDirectory($releases) | Out-Null }
catch { Stop-Here "$install_to cannot be made on this instance" }
if (-not [IO.Directory]::Exists($currentLink) -and [IO.Directory]::Exists($oldLink)) {
    [IO.Directory]::Move($oldLink, $currentLink)
}
if ([IO.Directory]::Exists($currentLink) -and
    -not ([IO.File]::GetAttributes($currentLink) -band [IO.FileAttributes]::ReparsePoint)) {
    Stop-Here "$install_to\current is no junction; move it away first; nothing was changed"
}
$current = Get-Current

# Fetches what a link leads to, or says what came instead. Value: url
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it.

$address = [Uri] $url

# The beginning of a file as one line of text.
function Get-Beginning([string] $path) {
    $bytes = New-Object byte[] 4000
    $file = [IO.File]::OpenRead($path)
    try { $count = $file.Read($bytes, 0, $bytes.Length) } finally { $file.Dispose() }
    [Text.Encoding]::UTF8.GetString($bytes, 0, $count) -replace '[^\x20-\x7e]', ' '
}

# What S3 says in an element of its error (API reference, Error responses).
function Get-Element([string] $text, [string] $name) {
    if ($text -match "<$name>([^<]{0,300})") { $Matches[1] }
}

# Nothing follows a redirect: a link is signed for its own host. The link is a secret, and no message has it.
function Get-Answer([string] $path) {
    $request = [Net.WebRequest]::Create($address)
    $request.AllowAutoRedirect = $false
    $request.Timeout = 30000
    $request.ReadWriteTimeout = 60000
    try { $answer = $request.GetResponse() }
    catch {
        $failure = $_.Exception
        while ($failure -and $failure -isnot [Net.WebException]) { $failure = $failure.InnerException }
        if (-not $failure -or -not $failure.Response) { throw }
        $answer = $failure.Response
    }
    try {
        $file = [IO.File]::Create($path)
        try { $answer.GetResponseStream().CopyTo($file) } finally { $file.Dispose() }
        [int] $answer.StatusCode
    } finally { $answer.Dispose() }
}

function Receive-Release([string] $path) {
    foreach ($try in 1..3) {
        $status = 0
        try { $status = Get-Answer $path }
        catch {
            # The innermost says what went wrong.
            $problem = $_.Exception.GetBaseException().Message
        }
        # Only what may pass is asked for again.
        if ($status -and $status -lt 500) { break }
        if ($try -lt 3) { Start-Sleep -Seconds (2 * $try) }
    }
    $name = $address.Authority
    if (-not $status) {
        Stop-Here ("the release could not be fetched from $name ($problem): look at this instance's route, " +
            'proxy and clock; nothing was changed')
    }
    $said = Get-Beginning $path
    $page = $said -match '<html|<!doctype html'
    $between = "something between this instance and $name"
    if ($status -eq 200) {
        # A portal that wants a login, for one; no archive begins so.
        if ($page) { Stop-Here "$between answered with a page in place of the release; nothing was changed" }
        return
    }
    $answer = "$name answered $status"
    if ($code = Get-Element $said 'Code') {
        $answer = "S3 answered $status (${code}: $(Get-Element $said 'Message'))"
    } elseif ($page) { $answer = "$between answered $status with a page" }
    Stop-Here "the release could not be fetched: $answer; nothing was changed"
}

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
