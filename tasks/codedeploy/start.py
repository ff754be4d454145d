"""A release's turn in a CodeDeploy deployment group, which takes one deployment at a time."""

import uuid
from collections.abc import Callable

from tasks.aws.code_deploy import AlreadyEnded, CodeDeploy, GroupBusy
from tasks.aws.deployment_state import Deployment
from tasks.aws.errors import AwsError
from tasks.codedeploy.follow import describe
from tasks.codedeploy.history import PlacedRelease, described
from tasks.running.waiting import Missing, Wait, closely


class DeploymentStart:
    """Gets one deployment of a release going, whatever runs in the group already.

    Attributes:
        joined: Whether an earlier run of the same command had started it.
    """

    def __init__(
        self,
        code_deploy: CodeDeploy,
        application: str,
        group: str,
        release: PlacedRelease,
        wait: Wait,
    ) -> None:
        self.joined = False
        self._code_deploy = code_deploy
        self._place = (application, group)
        self._release = release
        self._description = release.description(str(uuid.uuid4()))
        self._since = wait.clock.wall()
        self._wait = wait
        self._log = wait.log
        self._tried = False
        self._id = ""

    def take(self, prepare: Callable[[], None], *, within: float) -> str:
        """Join the deployment of this release that is running, or start one; return its id.

        Args:
            prepare: Puts the revision where CodeDeploy finds it; called when nothing else is running.
            within: Seconds for others to end.

        Raises:
            TimedOut: Another release's deployment is still running.
        """
        self._id = ""

        def look() -> str | Missing:
            sent = self._sent()
            other = sent or self._code_deploy.running(*self._place)
            if other and (sent or described(other) == self._release):
                self.joined = sent is None
                self._id = other.id
                return other.id
            if other:
                return Missing(f"group {self._place[1]} is taken by another release: {describe(other)}")
            prepare()
            return self._create()

        try:
            return self._wait.until_done(look, pace=closely, within=within)
        except AwsError as error:
            error.begun = self._tried
            raise

    def stop(self) -> str:
        """Stop what was started or joined, and say what became of it."""
        name = self._id or "the deployment"
        try:
            found = self._code_deploy.deployment(self._id) if self._id else self._sent()
            if found is None:
                return "no deployment was started"
            name = found.id
            if found.ended:
                going_on = f"; its rollback {found.rollback_id} goes on" if found.rollback_id else ""
                return f"{describe(found)}{going_on}"
            if self._code_deploy.stop(found):
                return f"{name} is being stopped: the step that runs ends first, and no other follows"
        except AlreadyEnded:
            return f"{name} had ended by then"
        except AwsError as error:
            return f"{name} could not be stopped ({error.what}) and goes on in CodeDeploy"
        return f"{name} was stopped"

    def _create(self) -> str | Missing:
        # From here on there may be a deployment whose id never reached us.
        self._tried = True
        try:
            self._id = self._code_deploy.create(*self._place, self._release.revision, self._description)
        except GroupBusy:
            self._tried = False
            return Missing(f"group {self._place[1]} takes no deployment yet")
        except AwsError as error:
            self._tried = not error.refusal
            raise
        self.joined = False
        self._log.say(f"{self._id}: deploys {self._release.revision} to group {self._place[1]}")
        return self._id

    def _sent(self) -> Deployment | None:
        """Return the deployment that an order of this run made, although no answer came."""
        if not self._tried or self._id:
            return None
        return self._code_deploy.described_as(*self._place, self._description, self._since)
