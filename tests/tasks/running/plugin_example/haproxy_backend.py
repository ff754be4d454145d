"""--load-balancer haproxy:BACKEND: a backend of our own HAProxy, whose servers are called by their IPs."""

import csv
import os
import socket

from tasks.aws.load_balancer import LoadBalancer, LoadBalancerKind, Member, Roster, Settings, State
from tasks.running.errors import TaskError

STATES = {"UP": State.SERVING, "no check": State.SERVING, "DOWN": State.UNHEALTHY, "MAINT": State.LEAVING}


class Backend(LoadBalancer):
    kind = "haproxy"

    def __init__(self, name):
        self.name = name

    def settings(self):
        return Settings(drain=30, tells_idle=True, drained_within=60, healthy_within=30)

    def roster(self, *instances):
        rows = csv.DictReader(ask(f"show stat {self.name} 4 -1"))
        there = [row for row in rows if (row["status"], row["scur"]) != ("MAINT", "0")]
        return Roster(tuple(Member(row["svname"], STATES.get(row["status"], State.JOINING)) for row in there))

    def register(self, places):
        for place in places:
            if refusal := "".join(ask(f"set server {self.name}/{place.instance.private_ip} state ready")):
                raise TaskError(f"HAProxy does not take {place.instance.name}: {refusal}")

    def deregister(self, places):
        for place in places:
            ask(f"set server {self.name}/{place.instance.private_ip} state maint")


class Backends(LoadBalancerKind):
    def __init__(self, aws):
        pass

    def all(self):
        return [Backend(name) for name in ask("show backend")[1:] if name]


def ask(command):
    place = os.environ.get("HAPROXY_API", "haproxy:9999")
    try:
        with socket.create_connection(place.split(":"), timeout=5) as api:
            api.sendall(f"{command}\n".encode())
            return api.makefile().read().split("\n")
    except OSError as problem:
        raise TaskError(f"HAProxy cannot be asked at {place} ({problem})") from None
