"""HERD's turn to be upgraded: one invocation of its function, and the deployment that it started.

The function returns nothing, and answers 200 as well when it has done nothing; only a deployment that is
there tells that it has done its work.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as futures_wait
from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.code_deploy import CodeDeploy
from tasks.aws.deployment_state import Deployment
from tasks.aws.errors import AwsError
from tasks.aws.lambda_function import FunctionResult, invoke
from tasks.herd.stack import Herd, read_upgrades
from tasks.running.errors import Refused, TaskError, TimedOut
from tasks.running.quoting import lines_of, one_line, show_tail
from tasks.running.waiting import Missing, Wait, closely

DEPLOYMENT_ID = re.compile(r"\bd-[A-Z0-9]{9}\b")

# Seconds for AWS to let an invocation through, and for the function to run.
THROTTLED, LONGEST_RUN = 300.0, 920.0

# Seconds to a deployment: after an answer that told of none, as AWS's lists lag a little; and after no
# answer at all, when the function is still to begin. It takes two if all is well.
AFTER_ANSWER, AFTER_SILENCE = 10.0, 120.0


@dataclass(frozen=True)
class Tried:
    """One invocation, and how it ended.

    An error is not raised: a loop that waits would take it for something that another try may help.
    """

    ending: FunctionResult | AwsError | TimedOut


class UpgradeInvocation:
    """Starts one upgrade and finds its deployment.

    Args:
        recent: What SSM said was the most recent deployment.

    It must be made before anything is started: what CodeDeploy knows by then is not ours.
    """

    def __init__(self, aws: Aws, herd: Herd, function: str, version: str, recent: str, wait: Wait) -> None:
        self._aws = aws
        self._herd = herd
        self._function = function
        self._version = version
        self._recent = recent
        self._wait = wait
        self._log = wait.log
        self._code_deploy = CodeDeploy(aws)
        self._before = self._code_deploy.ids(herd.application, herd.group)

    def take(self) -> Deployment:
        """Invoke the function, and return the deployment that it started.

        Raises:
            Refused: It could not be invoked; nothing was changed.
            TaskError: It started none.
            TimedOut: It did not answer, and none has begun.
        """
        try:
            outcome = self._invoked()
        except Refused:
            self._log.restored("nothing was changed")
            raise
        if isinstance(outcome, AwsError):
            # Without an answer it may have run. It is never sent again: what it did is looked for.
            if isinstance(outcome, Refused) or not outcome.passing:
                self._log.restored("nothing was changed")
                raise outcome
            return self._after_silence(outcome)
        if outcome.error:
            show_tail(lines_of(outcome.log_tail), "function", self._log)
            self._log.say(f"{self._function}: failed ({one_line(outcome.complaint)})")
        found = self._started(outcome.payload, outcome.log_tail)
        if found is None:
            try:
                found = self._wait_for_one(
                    "the function has answered, but no deployment has begun", AFTER_ANSWER
                )
            except TimedOut:
                raise self._nothing_came(outcome) from None
        if outcome.error:
            self._log.say(f"{found.id}: was started all the same")
        return found

    def started(self) -> Deployment | None:
        """Return the deployment of HERD that was not there before, if there is one now."""
        return self._started()

    def _invoked(self) -> FunctionResult | AwsError:
        """Invoke, and again only what AWS has not let through, in which case nothing has run."""

        def look() -> Tried | Missing:
            tried = self._once()
            throttled = isinstance(tried.ending, AwsError) and tried.ending.throttled
            return Missing("AWS throttles the function, which has not run yet") if throttled else tried

        try:
            tried = self._wait.until_done(look, pace=closely, within=THROTTLED)
        except TimedOut:
            self._log.restored("nothing was changed")
            raise
        if isinstance(tried.ending, TimedOut):
            raise tried.ending
        return tried.ending

    def _once(self) -> Tried:
        """Send one invocation, and never be silent while it runs."""
        event = {"RequestedVersion": self._version}
        sent = ThreadPoolExecutor(1).submit(invoke, self._aws, self._function, event)

        def look() -> Tried | Missing:
            if not futures_wait([sent], 0.2).done:
                return Missing(f"{self._function}: runs")
            try:
                return Tried(sent.result())
            except AwsError as error:
                return Tried(error)

        try:
            return self._wait.until_done(look, pace=closely, within=LONGEST_RUN)
        except TimedOut as late:
            return Tried(late)

    def _after_silence(self, error: AwsError) -> Deployment:
        self._log.say(f"{self._function}: no answer ({error.what}); looking for what it may have started")
        try:
            return self._wait_for_one(
                "whether the function has run is not known, and no deployment has begun", AFTER_SILENCE
            )
        except TimedOut as late:
            raise TimedOut(late.what, "Look at the function's log, then run the command again") from None

    def _wait_for_one(self, words: str, within: float) -> Deployment:
        return self._wait.until_done(lambda: self._started() or Missing(words), pace=closely, within=within)

    def _started(self, *texts: str) -> Deployment | None:
        """Return the new deployment that is named in *texts*, or else in SSM, or else is in the group."""
        named = [each for text in texts for each in DEPLOYMENT_ID.findall(text)]
        recent = read_upgrades(self._aws, self._herd).recent_id
        if recent != self._recent:
            named.append(recent)
        # A failure's text names the deployment that was in its way, which was there before.
        for each in named:
            if each not in self._before and (found := self._code_deploy.known(each)):
                return found
        new = self._code_deploy.ids(self._herd.application, self._herd.group) - self._before
        return max(
            (self._code_deploy.deployment(each) for each in new),
            key=lambda each: each.created.timestamp() if each.created else 0,
            default=None,
        )

    def _nothing_came(self, outcome: FunctionResult) -> TaskError:
        self._log.restored("HERD was left as it is")
        advice = "Look at the lines of its log above, then run the command again"
        if outcome.error:
            return TaskError(
                f"{self._function} failed and started no deployment ({one_line(outcome.complaint)})", advice
            )
        show_tail(lines_of(outcome.log_tail), "function", self._log)
        what = f"{self._function} answered {one_line(outcome.payload) or 'nothing'} and started no deployment"
        return TaskError(what, advice)
