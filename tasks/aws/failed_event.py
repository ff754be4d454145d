"""Why a lifecycle event failed, as CodeDeploy's agent reports it.

Sources: CodeDeploy API reference (Diagnostics, LifecycleErrorCode); aws-codedeploy-agent 1.8.1,
hook_executor.rb and command_poller.rb (their messages, and two codes that the API's list has no word for:
outputs left open, and the agent restarted).
"""

import re

from tasks.aws.deployment_state import LifecycleEvent

LEFT_OPEN = "OutputsLeftOpen"
RESTARTED = "FailedAfterRestart"
NO_CODES = ("", "Success", "UnknownError")

# What the agent calls an error that has another code, or none, by the time it is asked for.
BY_MESSAGE = {
    LEFT_OPEN: re.compile(r"failed to close (?P<output>STD\w+)"),
    RESTARTED: re.compile("after an agent restart"),
}
WORDS = {
    "ScriptMissing": re.compile("does not exist at specified location"),
    "ScriptNotExecutable": re.compile("as executable"),
    "ScriptTimedOut": re.compile(r"failed to complete in (?P<seconds>[0-9]{1,9}) seconds"),
    "ScriptFailed": re.compile(r"(run as user (?P<user>.+) )?failed with exit code ?(?P<exit>-?\d*)"),
    "NotStarted": re.compile("failed with error (?P<error>.*)"),
}


def failed_because(event: LifecycleEvent, origin: str) -> str:
    """Return in words why *event* failed, with AWS's own code.

    Args:
        origin: Where its script is from, to be read after its name; may be empty.
    """
    message = " ".join(event.message.split())
    code = next((name for name, words in BY_MESSAGE.items() if words.search(message)), event.code)
    script = f"{event.script}{origin and ' of '}{origin}"
    told = f" ({code})" if code not in NO_CODES else ""
    if code == RESTARTED:
        return f"CodeDeploy's agent was restarted in the middle{told}"
    if not event.script:
        return f"{message or 'without a reason'}{told}"
    if code == LEFT_OPEN:
        found = BY_MESSAGE[LEFT_OPEN].search(message)
        output = found["output"] if found else "output"
        return (
            f"{script} ended, and what it left running holds its {output} open{told}; write in it: "
            "nohup COMMAND > /var/log/app.log 2>&1 < /dev/null &"
        )
    return f"{script} {_did(code, message)}{told}"


def _did(code: str, message: str) -> str:
    if code == "ScriptMissing" or WORDS["ScriptMissing"].search(message):
        return "is not there"
    if found := WORDS["ScriptTimedOut"].search(message):
        return f"did not end within {int(found['seconds']):,} s"
    if found := WORDS["ScriptFailed"].search(message):
        user = f" as {found['user']}" if found["user"] else ""
        return f"ended with exit code {found['exit']}{user}" if found["exit"] else f"was killed{user}"
    if found := WORDS["NotStarted"].search(message):
        return f"could not be started: {found['error']}"
    if WORDS["ScriptNotExecutable"].search(message):
        return "could not be made executable"
    return f"failed: {message}" if message else "failed"
