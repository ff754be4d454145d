# Tells what is current on this instance and changes nothing. Values: install_to mark
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it.

$ErrorActionPreference = 'Stop'
$plain = New-Object Text.UTF8Encoding $false
[Console]::OutputEncoding = $plain
$root = $install_to
if ($env:DESTDIR) { $root = "$env:DESTDIR/" + ($install_to -replace '^(.):', '$1' -replace '\\', '/') }
$current = [IO.Path]::Combine($root, 'current')
$record = [IO.Path]::Combine($current, 'release.json')

if (-not [IO.Directory]::Exists($current)) {
    [Console]::Out.WriteLine("${mark}nothing no release is current in $install_to")
} elseif (-not [IO.File]::Exists($record)) {
    [Console]::Out.WriteLine("${mark}nothing no release.json")
} else {
    try { $bytes = [IO.File]::ReadAllBytes($record) }
    catch {
        [Console]::Out.WriteLine("${mark}nothing release.json may not be read")
        exit 0
    }
    # SSM's list shows 2,500 characters of an output.
    $text = $plain.GetString($bytes, 0, [Math]::Min(2000, $bytes.Length))
    [Console]::Out.WriteLine("${mark}record " + ($text -replace '[\r\n]', ' '))
}
