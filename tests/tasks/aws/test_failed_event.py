"""Why a lifecycle event failed, in words, from what the agent reports."""

import pytest

from tasks.aws.deployment_state import LifecycleEvent
from tasks.aws.failed_event import failed_because

AT = "Script at specified location: a.sh"
REPORTS = [
    (
        "ScriptMissing",
        "Script does not exist at specified location: /opt/a.sh",
        "a.sh of 2.0 is not there (ScriptMissing)",
    ),
    ("ScriptFailed", f"{AT} failed with exit code 3", "a.sh of 2.0 ended with exit code 3 (ScriptFailed)"),
    (
        "ScriptFailed",
        f"{AT} run as user app failed with exit code 126",
        "a.sh of 2.0 ended with exit code 126 as app (ScriptFailed)",
    ),
    # Ruby has no exit code for what a signal ended.
    ("ScriptFailed", f"{AT} failed with exit code ", "a.sh of 2.0 was killed (ScriptFailed)"),
    (
        "ScriptFailed",
        f"{AT} failed with error Errno::ENOENT with message No such file",
        "a.sh of 2.0 could not be started: Errno::ENOENT with message No such file (ScriptFailed)",
    ),
    (
        "ScriptTimedOut",
        f"{AT} failed to complete in 3600 seconds",
        "a.sh of 2.0 did not end within 3,600 s (ScriptTimedOut)",
    ),
    (
        "ScriptNotExecutable",
        "Unable to set script at specified location: a.sh as executable",
        "a.sh of 2.0 could not be made executable (ScriptNotExecutable)",
    ),
    *(
        (
            code,
            f"{AT} failed to close STDOUT",
            "a.sh of 2.0 ended, and what it left running holds its STDOUT open (OutputsLeftOpen); write in it"
            ": nohup COMMAND > /var/log/app.log 2>&1 < /dev/null &",
        )
        for code in ("OutputsLeftOpen", "UnknownError", "")
    ),
    ("ScriptFailed", "", "a.sh of 2.0 failed (ScriptFailed)"),
    ("Daydreaming", "who knows", "a.sh of 2.0 failed: who knows (Daydreaming)"),
]


@pytest.mark.parametrize(("code", "message", "words"), REPORTS)
def test_a_script_that_failed_is_told_with_what_it_did_and_awss_own_code(
    code: str, message: str, words: str
) -> None:
    event = LifecycleEvent("ApplicationStart", "Failed", 1, code, "a.sh", message)

    assert failed_because(event, "2.0") == words


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "without a reason"),
        ("the file\n  is there already", "the file is there already"),
        (
            "Failed: Failing in-progress lifecycle event after an agent restart.",
            "CodeDeploy's agent was restarted in the middle (FailedAfterRestart)",
        ),
    ],
)
def test_an_event_that_failed_without_a_script_is_told_in_the_agents_words(message: str, words: str) -> None:
    event = LifecycleEvent("Install", "Failed", 1, "UnknownError", "", message)

    assert failed_because(event, "2.0") == words
