"""Blue and green behind one listener, and requests that remember the cookies they are given."""

import http.client
import socket
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair


@dataclass(frozen=True)
class Site:
    """One listener, blue behind it, and a green group that no rule leads to yet."""

    cloud: World
    blue: LoadBalancer
    green: str
    listener: str

    @property
    def elbv2(self) -> Any:
        return self.cloud.client("elbv2")

    def forward(self, blue: int, green: int, **more: Any) -> dict[str, Any]:
        groups = [
            {"TargetGroupArn": self.blue.arn, "Weight": blue},
            {"TargetGroupArn": self.green, "Weight": green},
        ]
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups, **more}}

    def listen(self, *actions: dict[str, Any]) -> None:
        self.elbv2.modify_listener(ListenerArn=self.listener, DefaultActions=list(actions))

    def rule(self, path: str, *actions: dict[str, Any], priority: int = 1) -> str:
        [made] = self.elbv2.create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [path]}],
            Actions=list(actions),
        )["Rules"]
        return str(made["RuleArn"])

    def rules(self) -> list[dict[str, Any]]:
        return list(self.elbv2.describe_rules(ListenerArn=self.listener)["Rules"])

    def green_state(self) -> str:
        [told] = self.elbv2.describe_target_health(TargetGroupArn=self.green)["TargetHealthDescriptions"]
        return str(told["TargetHealth"]["State"])


def make_site(cloud: World, pair: Pair, kind: Any = "application") -> Site:
    blue = cloud.target_group("blue", kind=kind, instances=[pair[0]])
    green = make_group(cloud, "green", kind=kind)
    elbv2 = cloud.client("elbv2")
    elbv2.register_targets(TargetGroupArn=green, Targets=[{"Id": pair[1].id}])
    [listener] = elbv2.describe_listeners(LoadBalancerArn=blue.load_balancer_arn)["Listeners"]
    return Site(cloud, blue, green, listener["ListenerArn"])


def make_group(cloud: World, name: str, kind: Any = "application") -> str:
    """Create a target group that no load balancer uses; gives its ARN."""
    [group] = cloud.client("elbv2").create_target_group(
        Name=name,
        Protocol="HTTP" if kind == "application" else "TCP",
        Port=8080,
        VpcId=cloud.network.vpc,
        HealthCheckProtocol="HTTP",
        HealthCheckPath="/_status",
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )["TargetGroups"]
    return str(group["TargetGroupArn"])


class Client:
    """A user on one connection who keeps to the cookies that it is given."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        self.cookie = ""

    def ask(self, path: str = "/") -> tuple[int, str]:
        self._connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        answer = self._connection.getresponse()
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        return answer.status, answer.read().decode()

    def answers(self, times: int, path: str = "/") -> Counter[str]:
        return Counter(self.ask(path)[1] for _ in range(times))

    def close(self) -> None:
        self._connection.close()


class WebSocket:
    """A connection that was upgraded, to a service that sends back what comes."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port or 80), timeout=10)
        head = ("GET / HTTP/1.1", "Host: web", "Connection: Upgrade", "Upgrade: websocket", "", "")
        self._socket.sendall("\r\n".join(head).encode())
        told = b""
        while not told.endswith(b"\r\n\r\n"):
            told += self._socket.recv(4096)
        assert told.startswith(b"HTTP/1.1 101 "), told

    def echo(self, word: bytes) -> bytes:
        """Send a word; gives what comes back, nothing once it has ended."""
        try:
            self._socket.sendall(word)
            return self._socket.recv(4096)
        except OSError:
            return b""

    def close(self) -> None:
        self._socket.close()


def shares(answers: Counter[str], of: Sequence[str]) -> list[float]:
    """Give the percentage that each of these has of all answers."""
    return [100 * answers[each] / answers.total() for each in of]
