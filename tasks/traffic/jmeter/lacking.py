"""Why a JMeter cannot run a plan: what it lacks, and where that comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_CLASS = re.compile(
    r"(?:CannotResolveClassException|ClassNotFoundException|NoClassDefFoundError): ([\w$./]{1,200})"
)
_CLASS_FILE = re.compile(r"Unsupported class file major version (\d{2,3})")
_CAUSE = re.compile(r"Cause:\s*(.*)")
# Release n of Java writes class files of version n + 44.
_FIRST_VERSION = 44
# Plug-ins by the beginning of their classes' names; their ids are those of JMeter's Plugins Manager.
# Source: https://jmeter-plugins.org/repo/
_PLUGINS = (
    ("kg.apc.jmeter.threads.", "jpgc-casutg (Custom Thread Groups)"),
    ("com.blazemeter.jmeter.threads.", "jpgc-casutg (Custom Thread Groups)"),
    ("kg.apc.jmeter.timers.", "jpgc-tst (Throughput Shaping Timer)"),
    ("kg.apc.jmeter.samplers.DummySampler", "jpgc-dummy (Dummy Sampler)"),
    ("kg.apc.jmeter.samplers.HTTPRawSampler", "jpgc-httpraw (Raw Request)"),
    ("kg.apc.jmeter.samplers.UDPSampler", "jpgc-udp (UDP Request)"),
    ("kg.apc.jmeter.perfmon.", "jpgc-perfmon (Servers Performance Monitoring)"),
    ("kg.apc.jmeter.dbmon.", "jpgc-dbmon (DbMon)"),
    ("kg.apc.jmeter.jmxmon.", "jpgc-jmxmon (JMXMon)"),
    ("kg.apc.jmeter.control.", "jpgc-prmctl (Parameterized Controller)"),
    ("kg.apc.jmeter.config.", "jpgc-csvars or jpgc-lockfile"),
    ("kg.apc.jmeter.functions.", "jpgc-functions (Custom JMeter Functions)"),
    ("kg.apc.jmeter.vizualizers.", "jpgc-graphs-basic or jpgc-graphs-additional"),
    ("com.atlantbh.jmeter.plugins.json", "jpgc-json (JSON Plugins)"),
    ("com.blazemeter.jmeter.http2.", "bzm-http2 (HTTP/2)"),
    ("com.blazemeter.jmeter.controller.Parallel", "bzm-parallel (Parallel Controller)"),
    ("com.blazemeter.jmeter.RandomCSV", "bzm-random-csv (Random CSV Data Set)"),
    ("com.blazemeter.jmeter.hls.", "bzm-hls (HLS Sampler)"),
    ("eu.luminis.jmeter.wssampler.", "websocket-samplers (WebSocket Samplers by Peter Doornbosch)"),
    ("net.xmeter.", "mqtt-sampler (MQTT Protocol Support)"),
    ("vn.zalopay.benchmark.", "jmeter-grpc-request (gRPC)"),
    ("com.di.jmeter.kafka.", "di-kafkameter (Kafka)"),
    ("com.github.johrstrom.", "jmeter-prometheus-plugin (Prometheus Listener)"),
    ("rocks.nt.apm.jmeter.", "jmeter-influxdb-writer (InfluxDB)"),
)
_OWN = "org.apache.jmeter."


def why_not_run(lines: Iterable[str], home: Path | None) -> str:
    """Return what JMeter's *lines* say that it lacks or cannot read; empty if they say nothing of it."""
    said = "\n".join(lines)
    if found := _CLASS_FILE.search(said):
        java = int(found[1]) - _FIRST_VERSION
        return (
            f"its Groovy cannot read the classes of Java {java}: run it with an older Java, said by JAVA_HOME"
        )
    if found := _CLASS.search(said):
        name = found[1].replace("/", ".").rstrip(".")
        return f"it lacks the class {name}, {_whose(name, home)}"
    found = _CAUSE.search(said)
    return found[1][:300] if found else ""


def _whose(name: str, home: Path | None) -> str:
    if name.startswith(_OWN):
        return (
            "a part of JMeter itself: take a whole one, said by JMETER_HOME, where the extra has none of it"
        )
    plugin = next((words for begins, words in _PLUGINS if name.startswith(begins)), "")
    of = f"most likely of the plug-in {plugin}" if plugin else "of a plug-in or of the plan's own"
    return (
        f"{of}: put its jar into {home or 'its folder'}/lib/ext, or name it with --property search_paths=JAR"
    )
