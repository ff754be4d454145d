"""Every way led to the same share: compared before it is written, and read back after.

Nothing at a load balancer tells a writer that somebody else has written: ModifyListener and ModifyRule know
no condition. Others that write there are CodeDeploy, ECS, CloudFormation, Terraform and people.
"""

from collections.abc import Callable, Sequence

from tasks.running.errors import TaskError, TimedOut
from tasks.running.waiting import Missing, Wait, closely
from tasks.switching.record import Record, State, Switch
from tasks.switching.shares import Weights, same, words_of
from tasks.switching.way import Course

# Seconds in which an answer of AWS's may lag behind what was written last.
LAGS = 10.0


class SomeoneElse(TaskError):
    """Somebody else leads users elsewhere than we did: nothing is written over that."""


class Unseen(TimedOut):
    """What was written has no effect yet: no reason to write something else over it."""


class Moving:
    """Users on their way.

    Args:
        switch: As it is remembered.
        check: Sees that our locks are still there.
        at_rest: What is done once all users are back, before that is written down.

    Attributes:
        given: Whether green was given any weight by us.
    """

    def __init__(
        self,
        courses: Sequence[Course],
        record: Record,
        switch: Switch,
        check: Callable[[], None],
        wait: Wait,
        at_rest: Callable[[], None] = lambda: None,
    ) -> None:
        self.courses = courses
        self.switch = switch
        self.given = any(switch.shares)
        self._record = record
        self._check = check
        self._wait = wait
        self._at_rest = at_rest

    def begin(self) -> None:
        """Remember what is there, before anything is written.

        Raises:
            Refused: It is more than can be remembered.
        """
        self._record.check(self.switch)
        self._check()
        self._record.write(self.switch)

    def to(self, share: int) -> None:
        """Give green *share* percent on every way.

        Raises:
            SomeoneElse: Where a way leads to is not what was written last.
        """
        switch, log = self.switch, self._wait.log
        if share != switch.to:
            self._remember(switch.heading(share))
        self.given |= share > 0
        for course in self.courses:
            self._lead(course, course.at(share))
        self._remember(self.switch.ended(State.UNDER_WAY, share))
        log.event("shifted", green=switch.green, blue=switch.blue, share=share)
        log.stands(f"{switch.green} has {share}% of users, and {switch.blue} the others", self.advice)

    def stay(self) -> None:
        """See that every way still leads as it was led.

        Raises:
            SomeoneElse: One does not.
        """
        for course in self.courses:
            self._seen(course, [course.at(self.switch.at)], "was led")

    def out(self) -> None:
        """Take green out again, which nobody was ever led to."""
        for course in self.courses:
            self._lead(course, course.former)
        self._end(State.BACK, 0)

    def end(self, state: State) -> None:
        """Remember that the switch has come to its end."""
        self._end(state, self.switch.at)

    def _end(self, state: State, at: int) -> None:
        if state is State.BACK:
            # One beside blue that fails its health checks makes the whole load balancer look unwell, and has
            # its instances replaced while they are mended.
            for course in self.courses:
                if course.way.lets_go:
                    self._lead(course, course.former)
            self._at_rest()
        self._remember(self.switch.ended(state, at))

    @property
    def advice(self) -> str:
        return "Run this again to go on, or with --back to go back"

    def _remember(self, switch: Switch) -> None:
        if switch != self.switch:
            self._check()
            self._record.write(switch)
            self.switch = switch

    def _lead(self, course: Course, wanted: Weights) -> None:
        shares = self.switch.shares
        # At 0 green may not be beside blue yet.
        known = [*(course.at(share) for share in shares), *([] if all(shares) else [course.former])]
        way, log = course.way, self._wait.log
        now = self._seen(course, [wanted, *known], "was led")
        if same(now, wanted):
            return
        self._check()
        log.say(f"{way.title}: {words_of(now)} -> {words_of(wanted)}")
        way.write(wanted)
        self._seen(course, [wanted], "was written")

    def _seen(self, course: Course, expected: Sequence[Weights], how: str) -> Weights:
        """Return what stands there once it is one of these."""
        last: list[Weights] = []

        def look() -> Weights | Missing:
            last[:] = [course.way.stands()]
            if any(same(last[0], each) for each in expected):
                return last[0]
            return Missing(f"{course.way.title}: {words_of(last[0])} stands there")

        try:
            return self._wait.until_done(look, pace=closely, within=LAGS)
        except TimedOut:
            wanted = " or ".join(dict.fromkeys(words_of(each) for each in expected))
            self._wait.log.stands("nothing was written over that", self.advice)
            raise SomeoneElse(
                f"{course.way.title} has {words_of(last[0])}, where it {how} to {wanted}: someone else "
                "changes it",
                f"See who does. This goes on once it has {words_of(course.at(self.switch.at))} again, and "
                f"begins anew where {self.switch.green} has no weight",
            ) from None
