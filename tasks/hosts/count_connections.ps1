# Counts the connections that requests may be in flight on, and changes nothing. Values:
#   table  a line for each instance: its id, its own address, and ports with commas between them
#   mark   stands before the one line that it prints
# Windows PowerShell 5.1, as AWS-RunPowerShellScript runs it.
#
# It prints one line: "connections N", or "no evidence WHY" where what Windows lists may not be all there is.

$ErrorActionPreference = 'Stop'

function Stop-Without([string] $why) {
    [Console]::Out.WriteLine("${mark}no evidence $why")
    exit 0
}

$asked = @($table -split "`n" | Where-Object { ($_ -split ' ')[0] -eq $env:AWS_SSM_INSTANCE_ID })
if (-not $env:AWS_SSM_INSTANCE_ID -or $asked.Count -ne 1) {
    Stop-Without 'the SSM agent does not say which instance this is'
}
$address = ($asked[0] -split ' ')[1]
$ports = @(($asked[0] -split ' ')[2] -split ',' | ForEach-Object { [int] $_ })
$own = $address, "::ffff:$address"
$any = $own + '0.0.0.0', '::', '::ffff:0.0.0.0'

# Every IPv6 address is its own, but for those that stand for an IPv4 one, and the loopback one.
function Test-Own([string] $local) {
    $own -contains $local -or ($local -like '*:*' -and $local -ne '::1' -and $local -notlike '::ffff:*')
}

$passesOn = 'com.docker.backend', 'docker-proxy', 'dockerd', 'containerd*', 'kube-proxy', 'vpnkit*', 'wslrelay',
    'wslhost', 'k3s*', 'rke2*'

# What netstat prints, whatever language its words for states are in: nobody is at the other end of a listener, and
# a connection that is over has no process. One that is about to be over cannot be told from an open one.
function Get-Printed {
    $printed = @(& netstat.exe -ano)
    if ($LASTEXITCODE) { throw "netstat exited $LASTEXITCODE" }
    foreach ($line in $printed) {
        if ($line -notmatch '^\s*TCP\s+\[?([^\s\]]+)\]?:(\d+)\s+\S+:(\d+)\s.*?(\d+)\s*$') { continue }
        $state = if ($Matches[3] -eq '0') { 'Listen' } elseif ($Matches[4] -eq '0') { 'TimeWait' } else { 'Established' }
        [pscustomobject] @{
            LocalAddress = $Matches[1]; LocalPort = [int] $Matches[2]; OwningProcess = [int] $Matches[4]; State = $state
        }
    }
}

# All are asked for: asked for some, the cmdlet calls it an error where there are none. An old Windows has no such
# cmdlet, and on one whose WMI is broken it fails.
function Get-Connections {
    try { return @(Get-NetTCPConnection) }
    catch { $cmdlet = $_.Exception.Message }
    try { return @(Get-Printed) }
    catch { Stop-Without "neither Get-NetTCPConnection ($cmdlet) nor netstat ($($_.Exception.Message)) lists connections" }
}

function Get-Sockets([string[]] $states) {
    Get-Connections | Where-Object { $states -contains "$($_.State)" -and $ports -contains $_.LocalPort }
}

$listeners = @(Get-Sockets 'Listen' | Where-Object { $any -contains $_.LocalAddress -or (Test-Own $_.LocalAddress) })
foreach ($port in $ports) {
    $those = @($listeners | Where-Object { $_.LocalPort -eq $port })
    # A container's port: its connections are in the list of the container's own network.
    if (-not $those) { Stop-Without "no process of the host itself listens on port $port" }
    foreach ($one in $those) {
        $process = Get-Process -Id $one.OwningProcess -ErrorAction SilentlyContinue
        if (-not $process) { Stop-Without "what listens on port $port cannot be seen" }
        if ($passesOn | Where-Object { $process.ProcessName -like $_ }) {
            Stop-Without "port $port is passed on to a container by $($process.ProcessName)"
        }
    }
}

# CloseWait is a client that said all and still gets its answer.
function Measure-Connections {
    @(Get-Sockets 'Established', 'SynReceived', 'CloseWait' | Where-Object { Test-Own $_.LocalAddress }).Count
}

# Twice: between two requests a client may be about to open the next connection.
$first = Measure-Connections
Start-Sleep -Seconds 2
$second = Measure-Connections
[Console]::Out.WriteLine("${mark}connections $([Math]::Max($first, $second))")
