"""--via share: copy a release to a network share that the instances mount."""

from pathlib import Path
from shutil import copytree

from tasks.deployers.deployer import Deployer
from tasks.running.errors import Refused, TaskError


class ShareDeployer(Deployer):
    def __init__(self, settings, aws):
        self.share = Path(settings.install_to or ".")

    def check(self, release, instance):
        if not Path(release.artifact).is_dir():
            raise Refused(f"{release.artifact} is no folder")

    def deploy(self, release, instance, wait):
        try:
            copytree(release.artifact, self.share / instance.name, dirs_exist_ok=True)
        except OSError as problem:
            raise TaskError(f"{release.version} cannot be copied to {self.share} ({problem})") from None
        wait.log.say(f"{instance.name}: {release.version} is on {self.share}")
