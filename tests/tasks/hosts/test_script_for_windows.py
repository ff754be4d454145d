"""What only newer PowerShells know is in no script: Windows PowerShell 5.1 is what Systems Manager starts."""

import json
from importlib.resources import files
from pathlib import Path

from tasks.hosts.script import powershell_assignments
from tests.tasks.hosts.powershell_host import needs_powershell, running_powershell_host

SCRIPTS = {
    path.name: path.read_text(encoding="utf-8")
    for path in files("tasks.hosts").iterdir()
    if path.name.endswith(".ps1")
}

# Microsoft, "What's New in PowerShell" 6.0 to 7.4, and what .NET Framework lacks.
NEWER = {
    "$a = $b ?? 1": "QuestionQuestion",
    "$a ??= 1": "QuestionQuestionEquals",
    "${a}?.b": "QuestionDot",
    "${a}?[0]": "QuestionLBracket",
    "$a ? 1 : 2": "TernaryExpressionAst",
    "one && other": "PipelineChainAst",
    "one || other": "PipelineChainAst",
    "one &": "Background",
    "1..2 | ForEach-Object -Parallel { $_ }": "-Parallel",
    "Get-Content a -AsByteStream": "-AsByteStream",
    "ConvertFrom-Json a -AsHashtable": "-AsHashtable",
    "Join-Path a b c": "Join-Path of three",
    "Set-Content a b -Encoding utf8NoBOM": "utf8NoBOM",
    "[IO.Path]::GetRelativePath('a', 'b')": "GetRelativePath",
    "[Convert]::ToHexString($a)": "ToHexString",
    "[IO.File]::Move('a', 'b', $true)": "Move of three",
    "$p.WaitForExit([TimeSpan]::FromSeconds(1))": "",
    "$p.Kill($true)": "Kill of one",
    "if ($IsWindows) { }": "$IsWindows",
    "$a = if ($b) { 1 } else { 2 }": "",
}

FIND = r"""
$signs = 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket'
$parts = 'TernaryExpressionAst', 'PipelineChainAst'
$options = 'Parallel', 'AsByteStream', 'AsHashtable'
$words = 'utf8NoBOM', 'utf8BOM', 'GetRelativePath', 'ToHexString'
$variables = '$IsWindows', '$IsLinux', '$PSStyle'

function Get-Newer($part) {
    $kind = $part.GetType().Name
    if ($kind -in $parts) { return $kind }
    switch ($kind) {
        PipelineAst { if ($part.Background) { 'Background' } }
        CommandParameterAst { if ($part.ParameterName -in $options) { "-$($part.ParameterName)" } }
        StringConstantExpressionAst { if ($part.Value -in $words) { $part.Value } }
        VariableExpressionAst { if ("$part" -in $variables) { "$part" } }
        CommandAst {
            $names = @($part.CommandElements | Where-Object { $_.GetType().Name -ne 'CommandParameterAst' })
            if ($part.GetCommandName() -eq 'Join-Path' -and $names.Count -gt 3) { 'Join-Path of three' }
        }
        InvokeMemberExpressionAst {
            if ("$($part.Member)" -eq 'Move' -and $part.Arguments.Count -gt 2) { 'Move of three' }
            if ("$($part.Member)" -eq 'Kill' -and $part.Arguments) { 'Kill of one' }
        }
    }
}

foreach ($text in ($given | ConvertFrom-Json)) {
    $tokens = $errors = $null
    $tree = [Management.Automation.Language.Parser]::ParseInput($text, [ref] $tokens, [ref] $errors)
    $found = @($errors | ForEach-Object { $_.Message })
    $found += $tokens | ForEach-Object { "$($_.Kind)" } | Where-Object { $_ -in $signs }
    $found += $tree.FindAll({ $true }, $true) | ForEach-Object { Get-Newer $_ }
    [Console]::Out.WriteLine(($found | Select-Object -Unique) -join ', ')
}
"""


@needs_powershell
def test_no_script_has_what_windows_powershell_does_not_know(tmp_path: Path) -> None:
    assert len(SCRIPTS) >= 7
    given = json.dumps([*SCRIPTS.values(), *NEWER])
    with running_powershell_host(tmp_path) as host:
        done = host.run(host.written(f"{powershell_assignments({'given': given})}\n{FIND}"))
    assert (done.returncode, done.stderr) == (0, "")
    found = done.stdout.split("\n")[:-1]

    assert dict(zip(NEWER, found[len(SCRIPTS) :], strict=True)) == NEWER
    assert dict(zip(SCRIPTS, found[: len(SCRIPTS)], strict=True)) == dict.fromkeys(SCRIPTS, "")
