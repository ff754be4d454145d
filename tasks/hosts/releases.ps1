# What installing a release and going back to one share. Lines before this set the values they use; within is
# for all of them.
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it. DESTDIR stands before every path, as it does for
# "make install", and a drive is a folder there.
#
# In the install folder: releases\NAME, each whole and never rewritten, but for the record of when it was last
# deployed, release.json; "current", a junction to one of them;
# ".history", their names in the order in which they became current. Where "current" stands in it tells which
# release was before: going back moves the junction and writes nothing else.

# The seconds that are left of those that SSM gives this script, within: by a clock that nobody sets.
$began = [Diagnostics.Stopwatch]::StartNew()
function Get-SecondsLeft { [int] $within - $began.Elapsed.TotalSeconds }

$ErrorActionPreference = 'Stop'
# What nobody foresaw is told in one line as well.
trap { Stop-Here (Get-Reason $_) (Get-Standing) }

# Tells what went wrong, and how that leaves this instance. Each part of a verdict stands behind the mark, which
# nothing else here can know: no release, restart or file can pass for one.
function Stop-Here([string] $what, [string] $left) {
    if ($left) { $left = "; $mark$left" }
    [Console]::Error.WriteLine("$mark$what$left")
    exit 1
}

function Show-Success([string] $version, [string] $place) {
    [Console]::Out.WriteLine("${mark}running $version ${mark}from $place")
}

# The innermost error says what went wrong, in one line.
function Get-Reason($problem) { $problem.Exception.GetBaseException().Message -replace '\s+', ' ' }

# What is current is looked at anew: the step that failed may have been the switch itself.
function Get-Standing {
    if (-not $switched) { return 'nothing was changed' }
    try {
        $now = Get-Current
        if (Test-Release $now) { "$(Get-Version $now) is current" } else { 'no release is current' }
    } catch { 'which release is current is not known' }
}

# Progress bars make downloads and archives many times slower, and nobody sees them here.
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol =
    [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
$plain = New-Object Text.UTF8Encoding $false
# Where there is no console there is nothing to set.
try { [Console]::OutputEncoding = $plain } catch { }

$root = $install_to
if ($env:DESTDIR) { $root = "$env:DESTDIR/" + ($install_to -replace '^(.):', '$1' -replace '\\', '/') }
$releases = [IO.Path]::Combine($root, 'releases')
$currentLink = [IO.Path]::Combine($root, 'current')
$newLink = [IO.Path]::Combine($root, '.current.new')
$oldLink = [IO.Path]::Combine($root, '.current.old')
$historyFile = [IO.Path]::Combine($root, '.history')
$goingBackFile = [IO.Path]::Combine($root, '.going-back')
$switched = $false

# What another program has open, nobody can rename on Windows: a scanner lets go of it within moments. Windows
# calls it denied, shared or locked (Microsoft, System Error Codes: 5, 32 and 33), Linux busy (errno: 11).
function Invoke-Patiently([scriptblock] $step) {
    foreach ($try in 1..20) {
        try { return & $step }
        catch {
            $code = $_.Exception.GetBaseException().HResult -band 0xffff
            if ($try -eq 20 -or $code -notin 5, 11, 32, 33) { throw }
        }
        Start-Sleep -Milliseconds 250
    }
}

function Move-Folder([string] $from, [string] $to) {
    try { Invoke-Patiently { [IO.Directory]::Move($from, $to) } }
    catch {
        $name = [IO.Path]::GetFileName($from)
        throw "$name in $install_to could not be renamed ($(Get-Reason $_)): has a program opened it?"
    }
}

# A name of a release, or the path of a folder that "current" was led to by other means.
function Get-Place([string] $name) { [IO.Path]::Combine($releases, $name) }

function Show-Place([string] $name) {
    if ([IO.Path]::IsPathRooted($name)) { $name } else { "$install_to\releases\$name" }
}

function Test-Release([string] $name) { $name -and [IO.Directory]::Exists((Get-Place $name)) }

function Write-Whole([string] $path, [string] $text) {
    [IO.File]::WriteAllText("$path.new", $text, $plain)
    Invoke-Patiently {
        if ([IO.File]::Exists($path)) { [IO.File]::Replace("$path.new", $path, [NullString]::Value) }
        else { [IO.File]::Move("$path.new", $path) }
    }
}

function Read-Lines([string] $path) {
    if ([IO.File]::Exists($path)) {
        Invoke-Patiently { [IO.File]::ReadAllLines($path, $plain) } | Where-Object { $_ }
    }
}

# Of what is there itself, be it a link that leads nowhere; nothing if nothing is there.
function Get-Attributes([string] $path) {
    try { [IO.File]::GetAttributes($path) }
    catch [IO.FileNotFoundException], [IO.DirectoryNotFoundException] { }
}

function Test-Link([string] $path) { [bool] ((Get-Attributes $path) -band [IO.FileAttributes]::ReparsePoint) }

# Windows deletes nothing that may only be read.
function Clear-ReadOnly([string] $path) {
    $found = Get-Attributes $path
    if ($found -band [IO.FileAttributes]::ReparsePoint) { return }
    [IO.File]::SetAttributes($path, $found -band -bnot [int] [IO.FileAttributes]::ReadOnly)
    if ($found -band [IO.FileAttributes]::Directory) {
        foreach ($entry in [IO.Directory]::GetFileSystemEntries($path)) { Clear-ReadOnly $entry }
    }
}

# Links go, and what they lead to stays.
function Remove-Entry([string] $path) {
    $found = Get-Attributes $path
    if (-not $found) { return }
    if ($found -band [IO.FileAttributes]::Directory) {
        $whole = -not ($found -band [IO.FileAttributes]::ReparsePoint)
        try { [IO.Directory]::Delete($path, $whole) }
        catch {
            Clear-ReadOnly $path
            [IO.Directory]::Delete($path, $whole)
        }
    } else {
        Clear-ReadOnly $path
        [IO.File]::Delete($path)
    }
}

function New-Junction([string] $path, [string] $target) {
    New-Item -ItemType Junction -Path $path -Value $target | Out-Null
}

# NTFS replaces no folder by renaming another over it, so between two renames there is no "current" for a
# moment. A run that ends in that moment is made good by the next one, from ".current.old".
function Switch-To([string] $name) {
    foreach ($link in $newLink, $oldLink) {
        if ((Get-Attributes $link) -and -not (Test-Link $link)) {
            throw "$([IO.Path]::GetFileName($link)) in $install_to is no junction; move it away first"
        }
        Remove-Entry $link
    }
    New-Junction $newLink (Get-Place $name)
    $script:switched = $true
    # Elsewhere than on Windows, a link that leads nowhere cannot be renamed as a folder.
    if ([IO.Directory]::Exists($currentLink)) { Move-Folder $currentLink $oldLink }
    else { Remove-Entry $currentLink }
    try { Move-Folder $newLink $currentLink }
    catch {
        if (Get-Attributes $oldLink) { Move-Folder $oldLink $currentLink }
        throw
    }
    Remove-Entry $oldLink
}

# Also where that is not there: deleted by hand, it is still what comes before in the history.
function Get-Current {
    if (-not (Test-Link $currentLink)) { return '' }
    $target = @((Get-Item -LiteralPath $currentLink -Force).Target)[0]
    if (-not $target) { return '' }
    $target = [IO.Path]::GetFullPath([IO.Path]::Combine($root, $target)).TrimEnd('\', '/')
    if ([IO.Path]::GetDirectoryName($target) -ne [IO.Path]::GetFullPath($releases)) { return $target }
    [IO.Path]::GetFileName($target)
}

# The history as far as $name, which is left out; all of it if $name is not in it.
function Get-HistoryBefore([string] $name) {
    foreach ($entry in @(Read-Lines $historyFile)) {
        if ($entry -ceq $name) { break }
        $entry
    }
}

# A release that was to be asked whether it is well, and has not been seen to say so, has a mark of that in it.
function Test-Answered([string] $name) {
    -not [IO.File]::Exists([IO.Path]::Combine((Get-Place $name), '.unanswered'))
}

# The release that was current before $name, is still there and was well; where none was, the last of all.
function Get-ReleaseBefore([string] $name) {
    $before = @(Get-HistoryBefore $name | Where-Object { Test-Release $_ })
    $well = @($before | Where-Object { Test-Answered $_ })
    if ($well) { $well | Select-Object -Last 1 } else { $before | Select-Object -Last 1 }
}

function Get-Version([string] $name) {
    $file = [IO.Path]::Combine((Get-Place $name), '.version')
    if ([IO.File]::Exists($file)) { return [IO.File]::ReadAllText($file, $plain) -replace '[\r\n]' }
    [IO.Path]::GetFileName($name)
}

# One deployment at a time: a run that was killed on the agent may still be at work here.
$sha = [Security.Cryptography.SHA256]::Create()
$hash = $sha.ComputeHash([Text.Encoding]::UTF8.GetBytes($root.ToLowerInvariant().TrimEnd('\', '/')))
$lock = New-Object Threading.Mutex $false, ('Global\gocd-tasks-' + [BitConverter]::ToString($hash, 0, 16))
$patience = [Math]::Max(0, [Math]::Min(300, [Math]::Floor((Get-SecondsLeft) / 2)))
try {
    if (-not $lock.WaitOne(1000 * $patience)) {
        Stop-Here "another deployment has been at work in $install_to for $patience s" 'nothing was changed'
    }
} catch [Threading.AbandonedMutexException] {
    # Whoever had it was killed; it is ours now.
}

try { [IO.Directory]::CreateDirectory($releases) | Out-Null }
catch { Stop-Here "$install_to cannot be made on this instance" 'nothing was changed' }
if (-not (Get-Attributes $currentLink) -and (Test-Link $oldLink)) { Move-Folder $oldLink $currentLink }
if ((Get-Attributes $currentLink) -and -not (Test-Link $currentLink)) {
    Stop-Here "$install_to\current is not a link; move it away first" 'nothing was changed'
}
$current = Get-Current
