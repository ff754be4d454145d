"""The ``aws`` of an instance, as far as scripts there need one: ``aws SERVICE OPERATION``, told in JSON.

Of the AWS CLI's options it knows ``--cli-input-json``, ``--query`` and ``--output text``. Region, endpoint
and credentials are in ``~/.aws/config``, where the AWS CLI has them too.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import botocore.session
import jmespath
from botocore.exceptions import BotoCoreError, ClientError


def main() -> int:
    """Make one call and print its answer; return the exit status."""
    command = argparse.ArgumentParser(prog="aws")
    command.add_argument("service")
    command.add_argument("operation")
    command.add_argument("--cli-input-json", default="{}")
    command.add_argument("--query", default="@")
    command.add_argument("--output", choices=("json", "text"), default="json")
    chosen = command.parse_args()
    client = botocore.session.Session().create_client(chosen.service)
    call = getattr(client, chosen.operation.replace("-", "_"))
    try:
        answer: dict[str, Any] = call(**json.loads(chosen.cli_input_json))
    except (BotoCoreError, ClientError) as problem:
        sys.stderr.write(f"\n{problem}\n")
        return 254
    answer.pop("ResponseMetadata", None)
    told = jmespath.search(chosen.query, answer)
    sys.stdout.write(
        told if chosen.output == "text" and isinstance(told, str) else json.dumps(told, default=str)
    )
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
