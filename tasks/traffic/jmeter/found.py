"""Where JMeter is: the site's own before the one that the ``jmeter`` extra brings."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.running.errors import Refused
from tasks.traffic.jmeter.bundled import JAR, bundled_jars, bundled_java, java_in, laid_out, release_of

# From this release on Java warns in every run of what it is about to take away.
# Source: https://openjdk.org/jeps/498
_WARNS = 24
# Tells JMeter where it is.
_HOME = "-Djmeter.home="


@dataclass(frozen=True)
class JMeter:
    """The words that start JMeter, and whose it is."""

    words: tuple[str, ...]
    title: str

    @property
    def home(self) -> Path | None:
        """The folder with its property files and its jars; None if it is not known."""
        told = [word.removeprefix(_HOME) for word in self.words if word.startswith(_HOME)]
        # Its own script is in it, whatever links lead there.
        home = Path(told[0]) if told else Path(self.words[0]).resolve().parent.parent
        return home if (home / "bin" / "jmeter.properties").is_file() else None


def find_jmeter(
    given: str | None, environment: Mapping[str, str] = os.environ, *, windows: bool = sys.platform == "win32"
) -> JMeter:
    """Find JMeter: *given*, else JMETER_HOME, else on the PATH, else the one of the ``jmeter`` extra.

    Args:
        given: A program, or a folder as JMETER_HOME is one.
        windows: Whether JMeter is run by its jar where it can be: its script there starts a shell in between,
            which takes ``&`` and ``%`` in a property for its own.

    Raises:
        Refused: It is not where it was said to be, or nowhere; or there is no Java for it.
        TaskError: The one of the extra cannot be laid out.
    """
    path = environment.get("PATH")
    if given:
        if Path(given).is_dir():
            return _in_home(Path(given), f"--jmeter {given}", environment, windows)
        if program := shutil.which(given, path=path):
            return JMeter((program,), f"JMeter: {program}")
        raise Refused(f"--jmeter {given} is no program on this agent")
    if home := environment.get("JMETER_HOME"):
        return _in_home(Path(home), f"JMETER_HOME={home}", environment, windows)
    if program := shutil.which("jmeter", path=path):
        jar = Path(program).with_name(JAR)
        words = _java_words(jar.parents[1], environment) if windows and jar.is_file() else (program,)
        return JMeter(words, f"JMeter: {program}, from the PATH")
    if jars := bundled_jars():
        made = laid_out(jars, environment)
        title = f"JMeter: {made.name.split('-')[1]}, from the jmeter extra"
        return JMeter(_java_words(made, environment), title)
    raise Refused(
        "there is no JMeter on this agent",
        "Say where it is with --jmeter or JMETER_HOME, or install one: pip install 'gocd-tasks[jmeter]'",
    )


def _in_home(home: Path, said: str, environment: Mapping[str, str], windows: bool) -> JMeter:
    program = home / "bin" / "jmeter"
    if not windows and os.access(program, os.X_OK) and program.is_file():
        return JMeter((str(program),), f"JMeter: {program}")
    if (home / "bin" / JAR).is_file():
        return JMeter(_java_words(home, environment), f"JMeter: {home}")
    raise Refused(f"{said} holds no JMeter: there is neither bin/jmeter nor bin/{JAR}")


def _java_words(home: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    java = _java(environment)
    # JVM_ARGS is what JMeter's own script takes from the environment.
    own = environment.get("JVM_ARGS", "").split()
    if release_of(java) >= _WARNS:
        # JMeter's libraries use what Java is about to take away.
        own.append("--sun-misc-unsafe-memory-access=allow")
    settings = ("-Djava.awt.headless=true", f"{_HOME}{home}")
    return (str(java), *own, *settings, "-jar", str(home / "bin" / JAR))


def _java(environment: Mapping[str, str]) -> Path:
    if (bundled := bundled_java()) is not None:
        return bundled
    if home := environment.get("JAVA_HOME"):
        if java := java_in(Path(home)):
            return java
        raise Refused(f"JAVA_HOME={home} holds no bin/java")
    if program := shutil.which("java", path=environment.get("PATH")):
        return Path(program)
    raise Refused(
        "there is no Java for JMeter on this agent",
        "Say where it is with JAVA_HOME, or install one: pip install 'gocd-tasks[jmeter]'",
    )
