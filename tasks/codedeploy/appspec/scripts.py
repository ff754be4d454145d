"""Hook scripts for Linux, looked into for what the agent fails for long after the machine is out.

Source: aws-codedeploy-agent 1.8.1, hook_executor.rb (a script is started as it is; its outputs are read to
their end, and if that does not come the event ends as OutputsLeftOpen when its timeout is over).
"""

import re
from collections.abc import Mapping

from tasks.codedeploy.appspec.findings import Findings

BACKGROUND = re.compile(r"^(?P<command>[^#]*[^&\s#|;<>])\s*&\s*(#.*)?$")

# Both outputs led elsewhere: all at once, or the errors after the rest.
REDIRECTED = re.compile(r"&>|>&\s*[^\s\d&-]|>.*2>|2>.*>")

# What makes a script's own outputs others, or waits for what it started.
WHOLE_SCRIPT = re.compile(
    rb"^[^\S\n]*(exec\s[^\n]*>|wait\b|coproc\b)|<<|^[^\S\n]*[)}]\s*[^\n]*>", re.MULTILINE
)


def judge_scripts(scripts: Mapping[str, bytes], findings: Findings) -> None:
    """Judge the content of each script, by its path."""
    for path, content in scripts.items():
        first, _, _ = content.partition(b"\n")
        if first.startswith(b"#!") and first.endswith(b"\r"):
            findings.fault(
                1,
                "its lines end as on Windows (CR LF), so that its interpreter is not found; "
                f"write them with LF: sed -i 's/\\r$//' {path}",
                path,
            )
        if not WHOLE_SCRIPT.search(content):
            _judge_background(path, content.decode(errors="replace"), findings)


def _judge_background(path: str, text: str, findings: Findings) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        found = BACKGROUND.match(line)
        if found and not REDIRECTED.search(line):
            command = re.split(r"\s*[0-9]?>", found["command"].strip())[0].removeprefix("nohup ")
            findings.doubt(
                number,
                "what it leaves in the background holds its output open, and CodeDeploy fails it for that; "
                f"write nohup {command} > /var/log/app.log 2>&1 < /dev/null &",
                path,
            )
