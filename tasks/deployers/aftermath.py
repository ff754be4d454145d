"""What a deployment that ends badly leaves: it never puts the instance back behind its load balancers."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.running.log import Log
from tasks.running.next_command import gocd_tasks


@dataclass(frozen=True)
class Aftermath:
    """Says where things stand.

    Args:
        out_of: The load balancers that the instance is out of.
        again: What to run next, a sentence.
    """

    instance: Instance
    out_of: Sequence[str]
    again: str

    def tell(self, log: Log, runs: str) -> None:
        """Note what a failure from here on leaves; *runs* says what runs on the instance."""
        if not self.out_of:
            log.stands(runs, self.again)
            return
        back = gocd_tasks("attach-instance", self.instance.name, "--load-balancer", "all")
        state = f"{runs}, and {self.instance.name} stays out of {', '.join(self.out_of)}"
        log.stands(state, f"{self.again} and then: {back}")


def deploy_again(typed: Sequence[str], version: str, *, rollback: bool) -> str:
    """Say what to run next; once it is known what it goes to, that is safe to repeat.

    Args:
        typed: The words of the command line, its command's name first.
    """
    given = list(typed[1:])
    if not any(word.split("=")[0] == "--version" for word in given):
        given = ["--version", version or "VERSION", *given]
    again = gocd_tasks("deploy-artifact", *given)
    if rollback and not version:
        return f"Run again, with the VERSION that it shall have: {again}"
    return f"Run again: {again}"
