"""What the agent reports of a command that failed.

Sources: aws-codedeploy-agent, hook_executor.rb (ScriptError) and command_poller.rb (gather_diagnostics);
CodeDeploy API reference, Diagnostics.
"""

from __future__ import annotations

from pathlib import Path

# hook_executor.rb, ScriptError, in the words of the API (LifecycleErrorCode). The agent has two numbers more,
# for outputs left open and for a restart of its own, and the API has no words for them.
SCRIPT_MISSING = "ScriptMissing"
SCRIPT_NOT_EXECUTABLE = "ScriptNotExecutable"
SCRIPT_TIMED_OUT = "ScriptTimedOut"
SCRIPT_FAILED = "ScriptFailed"
UNKNOWN_ERROR = "UnknownError"
OUTPUTS_LEFT_OPEN = UNKNOWN_ERROR
FAILED_AFTER_RESTART = UNKNOWN_ERROR

# command_poller.rb, gather_diagnostics: no log goes with a success.
SUCCESS = {"errorCode": "Success", "scriptName": "", "message": "Succeeded: ", "logTail": ""}


class AgentFailure(Exception):
    """A command failed; *code* is one of the API's LifecycleErrorCodes."""

    def __init__(
        self, message: str, code: str = UNKNOWN_ERROR, script: str = "", log: bytes | str = b""
    ) -> None:
        super().__init__(message)
        self.diagnostics = {"errorCode": code, "scriptName": script, "message": message}
        try:
            self.diagnostics["logTail"] = log if isinstance(log, str) else log.decode()
        except UnicodeDecodeError:
            # command_poller.rb, gather_diagnostics_from_script_error: JSON takes nothing but UTF-8.
            self.diagnostics |= {
                "errorCode": UNKNOWN_ERROR,
                "message": "Attempting minimal diagnostics",
                "logTail": "Exception JSON::GeneratorError occured",
            }


def failed_call(problem: OSError, call: str, path: Path | str) -> AgentFailure:
    """Tell a system call's failure as Ruby does, which names its own function and the path."""
    return AgentFailure(f"{problem.strerror} @ {call} - {path}")
