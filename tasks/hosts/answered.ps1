# Notes that the release that is current has answered its status check. Values: install_to mark
#   version  the one that was asked: another one, that came meanwhile, was not
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it.

$ErrorActionPreference = 'Stop'
$plain = New-Object Text.UTF8Encoding $false
$root = $install_to
if ($env:DESTDIR) { $root = "$env:DESTDIR/" + ($install_to -replace '^(.):', '$1' -replace '\\', '/') }
$current = [IO.Path]::Combine($root, 'current')
$file = [IO.Path]::Combine($current, '.version')

$now = if ([IO.File]::Exists($file)) { [IO.File]::ReadAllText($file, $plain) -replace '[\r\n]' } else { '' }
if ($now -cne $version) {
    [Console]::Error.WriteLine("$mark$version is not current in $install_to")
    exit 1
}
try { [IO.File]::Delete([IO.Path]::Combine($current, '.unanswered')) }
catch {
    [Console]::Error.WriteLine("${mark}the mark of it cannot be deleted in $install_to")
    exit 1
}
[Console]::Out.WriteLine("${mark}noted")
