# What installing a release and going back to one share. Lines before this set the values they use.
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it. DESTDIR stands before every path, as it does for
# "make install", and a drive is a folder there.
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

$root = $install_to
if ($env:DESTDIR) { $root = "$env:DESTDIR/" + ($install_to -replace '^(.):', '$1' -replace '\\', '/') }
$releases = [IO.Path]::Combine($root, 'releases')
$currentLink = [IO.Path]::Combine($root, 'current')
$newLink = [IO.Path]::Combine($root, '.current.new')
$oldLink = [IO.Path]::Combine($root, '.current.old')
$historyFile = [IO.Path]::Combine($root, '.history')
$goingBackFile = [IO.Path]::Combine($root, '.going-back')
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

function New-Junction([string] $path, [string] $target) {
    New-Item -ItemType Junction -Path $path -Value $target | Out-Null
}

# NTFS replaces no folder by renaming another over it, so between two renames there is no "current" for a
# moment. A run that ends in that moment is made good by the next one, from ".current.old".
function Switch-To([string] $name) {
    Remove-Link $newLink
    Remove-Link $oldLink
    New-Junction $newLink (Get-Place $name)
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

# One deployment at a time: a run that was killed on the agent may still be at work here.
$sha = [Security.Cryptography.SHA256]::Create()
$hash = $sha.ComputeHash([Text.Encoding]::UTF8.GetBytes($root.ToLowerInvariant().TrimEnd('\', '/')))
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
