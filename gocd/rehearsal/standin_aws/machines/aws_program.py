"""The ``aws`` of an instance, as far as scripts there need one: ``aws SERVICE OPERATION``, told in JSON.

Of the AWS CLI's options it knows ``--cli-input-json``, ``--query`` with a path of names, and
``--output text``; of its services those below. Region, endpoint and credentials are in the instance's
``/root/.aws/config``, where the AWS CLI looks for them too when no HOME is set. It needs the standard library
alone: botocore takes half a second to start, and the scripts of one upgrade call this a dozen times.
"""

from __future__ import annotations

import argparse
import configparser
import http.client
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

# Services that speak JSON, with the prefix of their operations.
SPEAK_JSON = {"ssm": "AmazonSSM"}
# Services that speak AWS's query protocol, with their signing name and version; only operations that answer
# nothing, so that there is no XML to read.
SPEAK_QUERY = {"elbv2": ("elasticloadbalancing", "2015-12-01")}
ANSWER_NOTHING = {"RegisterTargets", "DeregisterTargets"}


class Refused(Exception):
    """AWS said no, in the AWS CLI's words."""


def call(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Make one call and return its answer.

    Raises:
        Refused: AWS did not do it.
    """
    if service in SPEAK_JSON:
        told = ask(
            service,
            operation,
            json.dumps(parameters),
            {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"{SPEAK_JSON[service]}.{operation}",
            },
        )
        answer: dict[str, Any] = json.loads(told or "{}")
        return answer
    if service in SPEAK_QUERY and operation in ANSWER_NOTHING:
        signed_as, version = SPEAK_QUERY[service]
        words = {"Action": operation, "Version": version, **dict(flat(parameters))}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        ask(signed_as, operation, urlencode(words), form)
        return {}
    raise Refused(f"{service} {operation} is not among what scripts on this instance can call")


def ask(signed_as: str, operation: str, body: str, headers: dict[str, str]) -> str:
    """Send one request and return the body of its answer."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(os.environ["DESTDIR"] + "/root/.aws/config")
    known = config["default"]
    scope = f"{known['aws_access_key_id']}/20260101/{known['region']}/{signed_as}/aws4_request"
    connection = http.client.HTTPConnection(urlsplit(known["endpoint_url"]).netloc, timeout=60)
    # The stand-in reads from a signature whom and what it is for, and does not check it.
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=unchecked"
    agent = f"aws-cli app/{known['sdk_ua_app_id']}"
    connection.request("POST", "/", body, {**headers, "Authorization": signature, "User-Agent": agent})
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status >= 300:
        code, message = complaint(text)
        raise Refused(f"An error occurred ({code}) when calling the {operation} operation: {message}")
    return text


def complaint(text: str) -> tuple[str, str]:
    """Read code and message of an error, in JSON or XML."""
    if text.startswith("{"):
        told = json.loads(text)
        return told.get("__type", "").rpartition("#")[2], told.get("message", told.get("Message", ""))
    found = [re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL) for name in ("Code", "Message")]
    code, message = (each[1] if each else "" for each in found)
    return code, message


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Spell parameters as the query protocol does."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from flat(each, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for number, each in enumerate(value, 1):
            yield from flat(each, f"{name}.member.{number}")
    else:
        yield name, str(value)


def main() -> int:
    """Make one call and print its answer; return the exit status."""
    command = argparse.ArgumentParser(prog="aws")
    command.add_argument("service")
    command.add_argument("operation")
    command.add_argument("--cli-input-json", default="{}")
    command.add_argument("--query", default="")
    command.add_argument("--output", choices=("json", "text"), default="json")
    chosen = command.parse_args()
    operation = "".join(word.capitalize() for word in chosen.operation.split("-"))
    try:
        told: Any = call(chosen.service, operation, json.loads(chosen.cli_input_json))
    except (Refused, OSError) as problem:
        sys.stderr.write(f"\n{problem}\n")
        return 254
    for name in chosen.query.split(".") if chosen.query else ():
        told = told[name]
    sys.stdout.write(told if chosen.output == "text" and isinstance(told, str) else json.dumps(told))
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
