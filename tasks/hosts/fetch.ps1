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
        $stream = $answer.GetResponseStream()
        $block = New-Object byte[] 1048576
        $file = [IO.File]::Create($path)
        try {
            while (($count = $stream.Read($block, 0, $block.Length)) -gt 0) {
                try { $file.Write($block, 0, $count); $file.Flush() }
                catch { Stop-Here "the release could not be written ($(Get-Reason $_))" 'nothing was changed' }
            }
            if ($file.Length -lt $answer.ContentLength) { throw 'the answer broke off' }
        } finally { $file.Dispose() }
        [int] $answer.StatusCode
    } finally { $answer.Dispose() }
}

# As curl has it: a server that is not there, or a certificate that is not good, does not pass in seconds.
function Test-Passing($problem) {
    for ($each = $problem.Exception; $each; $each = $each.InnerException) {
        if ($each.Status -in 'NameResolutionFailure', 'TrustFailure') { return $false }
        if ($each.SocketErrorCode -in 'ConnectionRefused', 'HostNotFound') { return $false }
        if ($each -is [Security.Authentication.AuthenticationException]) { return $false }
    }
    $true
}

function Receive-Release([string] $path) {
    foreach ($pause in 1, 2, 4, 0) {
        $status = 0
        try { $status = Get-Answer $path }
        catch {
            $problem = Get-Reason $_
            if (-not (Test-Passing $_)) { break }
        }
        if ($status -and $status -notin 408, 429, 500, 502, 503, 504) { break }
        Start-Sleep -Seconds $pause
    }
    $name = $address.Authority
    if (-not $status) {
        Stop-Here ("the release could not be fetched from $name ($problem): look at this instance's route, " +
            'proxy and clock') 'nothing was changed'
    }
    $said = Get-Beginning $path
    $page = $said -match '<html|<!doctype html'
    $between = "something between this instance and $name"
    if ($status -eq 200) {
        # A portal that wants a login, for one; no archive begins so.
        if ($page) { Stop-Here "$between answered with a page in place of the release" 'nothing was changed' }
        return
    }
    $answer = "$name answered $status"
    if ($code = Get-Element $said 'Code') {
        $answer = "S3 answered $status (${code}: $(Get-Element $said 'Message'))"
    } elseif ($page) { $answer = "$between answered $status with a page" }
    Stop-Here "the release could not be fetched: $answer" 'nothing was changed'
}
