"""The properties that JMeter and its Java know by themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from gocd.files import read_bounded

# Bytes; JMeter's own has some fifty thousand.
_LONGEST = 2**20
_FILES = ("jmeter", "reportgenerator", "upgrade", "saveservice", "system", "user")
# A name and its value; where it is commented out, it is one that JMeter reads all the same.
_LINE = re.compile(r"^[ \t]*(#?)[ \t]*([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*(.*)$", re.MULTILINE)
_FAMILIES = (
    *("jmeter.", "jmeterengine.", "sampleresult.", "summariser.", "httpclient", "httpsampler.", "http."),
    *("https.", "HTTPSampler.", "HTTPResponse.", "HTTPFileArgs.", "CookieManager.", "csvdataset."),
    *("view.results.", "jsr223.", "groovy.", "beanshell.", "htmlParser.", "log_level.", "backend_"),
)
# Java's system properties stand behind JMeter's, and JMeter adds the times of its start.
# Source: JMeterUtils.java, loadJMeterProperties; JMeter.java and StandardJMeterEngine.java
_OF_JAVA = ("java.", "javax.", "jdk.", "sun.", "os.", "user.", "file.", "path.", "line.", "native.")
_TIMES = ("START.MS", "START.YMD", "START.HMS", "TESTSTART.MS")


class OwnProperties:
    """What is defined, and what is read, without a plan.

    Args:
        home: JMeter's folder, whose property files have all the names; None if it is not known.
        environment: Its ``JVM_ARGS`` are told to Java: ``-Dname=value``.
    """

    def __init__(self, home: Path | None, environment: Mapping[str, str] = os.environ) -> None:
        self.defined: dict[str, str] = {}
        self._known: set[str] = set()
        for name in _FILES if home else ():
            self._read((home or Path()) / "bin" / f"{name}.properties")
        self.defined |= dict(re.findall(r"(?:^|\s)-D([^=\s]+)=(\S*)", environment.get("JVM_ARGS", "")))

    def _read(self, file: Path) -> None:
        try:
            text = read_bounded(file, _LONGEST).decode("latin-1")
        except OSError:
            return
        found: list[tuple[str, str, str]] = _LINE.findall(text)
        self._known |= {name for _, name, _ in found}
        self.defined |= {name: value.strip() for comment, name, value in found if not comment}

    def reads(self, name: str) -> bool:
        return name in self._known or name.startswith((*_FAMILIES, *_OF_JAVA))

    def defines(self, name: str) -> bool:
        return name in self.defined or name in _TIMES or name.startswith(("jmeter.", *_OF_JAVA))
