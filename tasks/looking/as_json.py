"""A picture for programs. Its shape is told in README, and only ever added to."""

import json
from datetime import datetime
from typing import Any

from tasks.aws.reasons import reason_of
from tasks.aws.target import number
from tasks.balancing.absences import UNREAD
from tasks.deployers.noted import Noted
from tasks.looking.next_steps import next_steps
from tasks.looking.picture import Away, Picture, SeenBalancer, SeenLock, SeenMachine, SeenSwitch
from tasks.status.check import Told


def as_json(picture: Picture) -> str:
    """Return all of it on one line."""
    return json.dumps(facts(picture))


def steady(picture: Picture) -> str:
    """Return the same without what is another at each look, although nothing has changed."""
    told = facts(picture)
    locks = [{name: fact for name, fact in each.items() if name != "until"} for each in told["locks"]]
    return json.dumps({**told, "locks": locks, "at": "", "aws_calls": 0})


def facts(picture: Picture) -> dict[str, Any]:
    return {
        "format": 1,
        "at": _time(picture.at),
        "region": picture.region,
        "load_balancers": [_balancer(each) for each in picture.balancers],
        "instances": [_machine(each) for each in picture.machines],
        "locks": [_lock(each) for each in picture.locks],
        "leads": [
            {"load_balancer": each.balancer, "rule": each.title, "weights": dict(each.weights)}
            for each in picture.led
        ],
        "switches": [_switch(each) for each in picture.switches],
        "absent": list(picture.absent),
        "not_seen": [{"what": each.what, "why": each.why} for each in picture.unseen],
        "next": [{"command": each.command, "why": each.why} for each in next_steps(picture)],
        "aws_calls": picture.calls,
    }


def _balancer(seen: SeenBalancer) -> dict[str, Any]:
    return {
        "address": seen.address,
        "name": seen.name,
        "title": seen.title,
        "healthy": seen.healthy,
        "registered": None if seen.healthy is None else seen.total,
        "sends_to_unhealthy": bool(seen.opens),
        "health_check": seen.check,
    }


def _machine(machine: SeenMachine) -> dict[str, Any]:
    found = machine.instance
    return {
        "id": found.id if found else None,
        "name": machine.name,
        "private_ip": found.private_ip if found else machine.key,
        "zone": found.zone if found else "",
        "power": found.state if found else None,
        "auto_scaling_group": found.group if found else "",
        "lifecycle": machine.lifecycle,
        "serves": machine.serves,
        "in": [
            {
                "load_balancer": address,
                "state": member.state.value,
                "reason": member.reason,
                "why": reason_of(member),
                "ports": [number(port) for port in member.ports],
                "zonal_shift": member.shifted,
            }
            for address, member in machine.members.items()
        ],
        "out_of": [_away(address, away) for address, away in machine.away.items()],
        "release": _release(machine.release) if machine.release else None,
        "answers": _answer(machine.answer),
    }


def _away(address: str, away: Away) -> dict[str, Any]:
    known = away.absence.since != UNREAD.since
    return {
        "load_balancer": address,
        "since": _time(away.absence.since) if known else None,
        "by": away.who,
        "command": away.absence.by,
        "served": away.absence.served,
    }


def _release(release: Noted) -> dict[str, Any]:
    return {
        "version": release.version,
        "stage": release.stage.value,
        "since": _time(release.since),
        "answered_before": release.before,
        "by": release.by,
    }


def _answer(answer: Told | str | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    if isinstance(answer, Told):
        return {"status": answer.status, "fields": dict(answer.fields), "why_not": ""}
    return {"status": None, "fields": {}, "why_not": str(answer)}


def _lock(lock: SeenLock) -> dict[str, Any]:
    there = lock.holding
    return {
        "name": lock.name,
        "held": lock.held,
        "by": there.holder if there else "",
        "command": there.what if there else "",
        "since": _time(there.since) if there else None,
        "until": _time(there.until) if there and not there.unread else None,
        "over": lock.over,
    }


def _switch(seen: SeenSwitch) -> dict[str, Any]:
    switch = seen.switch
    return {
        "place": seen.place,
        "blue": switch.blue if switch else "",
        "green": switch.green if switch else "",
        "state": switch.state.value if switch else "",
        "percent": switch.at if switch else None,
        "heading_for": switch.to if switch else None,
        "by": switch.who if switch else "",
        "since": switch.since if switch else None,
        "unread": seen.unread,
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
