"""Which folders of a job an agent deletes before it updates materials.

Source: GoCD's Materials.cleanUp and DirectoryCleaner.java
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from gocd.pipeline import Material
from gocd.rehearsal.removal import remove

# What belongs to GoCD itself.
_OWN = "cruise-output"


def clean(job_folder: Path, materials: Iterable[Material], say: Callable[[str], None]) -> None:
    """Delete every folder that is no material's; where one is checked out into *job_folder* itself, none.

    A pipeline of dependencies alone has none that is, and loses every folder. Files stay.

    Raises:
        GoCDError: One cannot be deleted.
    """
    destinations = [material.destination for material in materials if material.is_checked_out]
    if not all(destinations):
        return
    allowed = [job_folder / name for name in (*destinations, _OWN)]
    kept = {folder for each in allowed for folder in (each, *each.parents) if job_folder in folder.parents}
    # What lies in a material's own folder is version control's to keep or to delete.
    outside = [each for each in kept - {*allowed} if not any(own in each.parents for own in allowed)]
    for folder in (job_folder, *sorted(outside)):
        for found in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not found.is_dir():
                continue
            if found in kept:
                say(f"Keeping folder {found}")
            else:
                say(f"Deleting folder {found}")
                remove(found, job_folder)
