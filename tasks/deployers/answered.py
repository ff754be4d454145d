"""A release that has answered its status check, noted: it can be gone back to, and be seen at a look."""

from collections.abc import Sequence

from tasks.aws.instances import Instance
from tasks.deployers.deployer import Deployer
from tasks.deployers.noted import Note, Stage
from tasks.running.waiting import Wait


def note_answered(
    deployer: Deployer, version: str, instances: Sequence[Instance], note: Note, wait: Wait
) -> None:
    """Note it on *instances*; where that fails it is told, as nothing is wrong with the release."""
    names = {each.id: each.name for each in instances}
    for key, why in deployer.note_answered(version, instances, wait).items():
        unnoted = f"{names[key]}: that {version} answers could not be noted there ({why})"
        wait.log.say(f"{unnoted}, so that --rollback passes it over")
    note(instances, version, Stage.ANSWERED)
