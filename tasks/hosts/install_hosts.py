"""What runs on instances, and whether that can have the install folder and the version of a release."""

import re
from collections.abc import Mapping, Sequence

from tasks.aws.api import Aws
from tasks.aws.instances import Instance
from tasks.aws.run_command import Platform, by_platform, platforms
from tasks.running.errors import Refused
from tasks.running.quoting import listed

# A drive and folders, and one folder; without what PowerShell's own commands take for wildcards.
WINDOWS_FOLDER = re.compile(r'[A-Za-z]:[\\/][^<>:"|?*\[\]\x00-\x1f]+')
WINDOWS_NAME = re.compile(r'[^<>:"|?*\[\]\\]*[^<>:"|?*\[\]\\. ]')

# Instances that a refusal names at most.
NAMED = 6


def longest_folder(install_to: str, version: str) -> str:
    """Return the longest name on Windows of the folder that a release may get, or be unpacked in."""
    # The same version with other contents has the beginning of its checksum behind it.
    return "\\".join([install_to.rstrip("\\/"), "releases", f"{version}+{'0' * 12}"])


class InstallHosts:
    """Sorts instances by what they run.

    Args:
        folders: What they get the release into, by what they run.
    """

    def __init__(self, aws: Aws, folders: Mapping[Platform, str]) -> None:
        self._aws = aws
        self._folders = folders
        self._known: dict[str, Platform | Refused] = {}

    def all(self, instances: Sequence[Instance], version: str = "") -> dict[Platform, list[Instance]]:
        """Return them by what they run; SSM is asked once for each that it knows.

        Raises:
            Refused: One of them cannot be reached now, or cannot have that folder or version.
        """
        new = [each for each in instances if not isinstance(self._known.get(each.id), Platform)]
        self._known.update(platforms(self._aws, new))
        found = {each.id: self._fitting(each, version) for each in instances}
        # Many may be refused for the same reason.
        refused = {each.what: each for each in found.values() if isinstance(each, Refused)}
        if len(refused) == 1:
            raise next(iter(refused.values()))
        if refused:
            raise Refused(listed(refused, NAMED, "; "), next(iter(refused.values())).advice)
        return by_platform(instances, found)

    def forget(self, instances: Sequence[Instance]) -> None:
        """Have SSM asked anew for these."""
        for each in instances:
            self._known.pop(each.id, None)

    def anew(self, instances: Sequence[Instance]) -> dict[str, Platform | Refused]:
        """Return by id what each runs now, or why nothing can be run on it."""
        self._known.update(platforms(self._aws, instances))
        return {each.id: self._fitting(each, "") for each in instances}

    def _fitting(self, instance: Instance, version: str) -> Platform | Refused:
        platform = self._known[instance.id]
        if isinstance(platform, Refused):
            return platform
        folder, for_both = self._folders[platform], len(set(self._folders.values())) == 1
        if platform is Platform.LINUX and not folder.startswith("/"):
            return Refused(f"--install-to {folder!r} is no absolute folder on {instance.name}")
        if platform is Platform.WINDOWS and not WINDOWS_FOLDER.fullmatch(folder):
            option = "--install-to" if for_both else "--windows-install-to"
            return Refused(
                f"{option} {folder!r} is no folder with a drive, and {instance.name} runs Windows",
                "Give --windows-install-to and --windows-restart for those that run Windows"
                if for_both and folder.startswith("/")
                else "",
            )
        if platform is Platform.WINDOWS and version and not WINDOWS_NAME.fullmatch(version):
            return Refused(f"--version {version!r} cannot be the name of a folder on Windows")
        return platform
