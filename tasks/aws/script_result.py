"""How a script on an instance ended: SSM's states in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.running.quoting import lines_of

# Every Status of an invocation (API reference, CommandInvocation); one that is in neither of these is no end.
RUNNING = {"Pending", "InProgress", "Delayed", "Cancelling"}
ENDED = {"Success", "Cancelled", "TimedOut", "Failed"}

# Ends that the script had no part in: it never began.
NEVER_BEGAN = {
    "Undeliverable": "SSM could not reach it",
    "DeliveryTimedOut": "SSM could not reach it in time",
    "InvalidPlatform": "it runs another system than the script is for",
    "AccessDenied": "SSM may not run anything on it",
    "RateExceeded": "SSM had too many orders at once",
}

CUT_OFF = {
    "ExecutionTimedOut": "it ran too long and was stopped",
    "TimedOut": "it ran too long and was stopped",
    "Cancelled": "it was cancelled in AWS",
    "Terminated": "it was cancelled in AWS",
}

# What SSM keeps of an output, in characters: its beginning (API reference, GetCommandInvocation).
OUTPUT_KEPT, ERRORS_KEPT = 24_000, 8_000

# ListCommandInvocations shows both in one piece, and less of them, as the agent has cut it: the beginning of
# each, with a title between (amazon-ssm-agent, TruncateOutput).
LISTED_ERRORS, CUT = "\n----------ERROR-------\n", ("---Output truncated---", "---Error truncated----")


@dataclass(frozen=True)
class ScriptResult:
    """How a script ended.

    Args:
        problem: In words, or None if it succeeded.
        output: What it printed on stdout; AWS keeps the first 24,000 characters.
        errors: The same for stderr, the first 8,000.
        began: Whether the script may have run at all.
        late: Whether it may still be running.
    """

    problem: str | None
    output: str = ""
    errors: str = ""
    began: bool = True
    late: bool = False

    @property
    def lines(self) -> list[str]:
        """What it printed, fit for a log, and a word on what SSM did not keep."""
        lines = [line for line in lines_of(self.output) + lines_of(self.errors) if line not in CUT]
        cut = len(self.output) >= OUTPUT_KEPT or len(self.errors) >= ERRORS_KEPT
        cut = cut or self.output.endswith(CUT) or self.errors.endswith(CUT)
        return lines + (["(SSM kept only the beginning of the output)"] if cut else [])

    @property
    def cut_off(self) -> bool:
        """Whether it was ended, or what it left running was."""
        return self.problem in CUT_OFF.values()

    @property
    def ended(self) -> str:
        """How it ended badly, with the last that it had to say."""
        problem = self.problem or ""
        if problem in NEVER_BEGAN.values() or self.cut_off:
            return problem
        # The SSM agent adds a line of its own after what the script wrote.
        own = [line for line in lines_of(self.errors) if not line.startswith("failed to run commands")]
        return f"{problem} ({own[-1]})" if own else problem


def outcome(invocation: Mapping[str, Any]) -> ScriptResult:
    """Judge one invocation, whatever the command that it belongs to says of all of them."""
    status = str(invocation.get("Status", ""))
    # The details are spelled with blanks in some answers and without in others.
    detail = str(invocation.get("StatusDetails") or status).replace(" ", "")
    output = str(invocation.get("StandardOutputContent", ""))
    errors = str(invocation.get("StandardErrorContent", ""))
    if status == "Success" and detail in ("Success", ""):
        return ScriptResult(None, output, errors)
    if detail in NEVER_BEGAN:
        return ScriptResult(NEVER_BEGAN[detail], output, errors, began=False)
    code = invocation.get("ResponseCode", -1)
    told = f"it exited {code}" if code not in (-1, None) else f"SSM calls it {detail or 'nothing at all'}"
    return ScriptResult(CUT_OFF.get(detail, told), output, errors)


def listed_outcome(invocation: Mapping[str, Any]) -> ScriptResult:
    """Judge an entry of ListCommandInvocations, which tells little of the output, and that in one piece."""
    [plugin] = list(invocation.get("CommandPlugins", []))[:1] or [{}]
    output, _, errors = str(plugin.get("Output", "")).partition(LISTED_ERRORS)
    return outcome(
        {
            "Status": invocation.get("Status", ""),
            "StatusDetails": invocation.get("StatusDetails", ""),
            "ResponseCode": plugin.get("ResponseCode", -1),
            "StandardOutputContent": output,
            "StandardErrorContent": errors,
        }
    )
