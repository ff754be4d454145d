import base64
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.services.functions.functions import Context
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually


def greet(event: Any, context: Context) -> Any:
    context.log(f"INFO: {event['name']}")
    return {"greeting": f"Hello {event['name']}"}


def invoke(cloud: World, event: Any, **more: Any) -> Any:
    return cloud.client("lambda").invoke(FunctionName="greet", Payload=json.dumps(event), **more)


def test_an_invocation_answers_what_the_function_returns_and_its_log(cloud: World) -> None:
    cloud.lambda_function("greet", greet)
    answer = invoke(cloud, {"name": "Ada"}, LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()

    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads(answer["Payload"].read()) == {"greeting": "Hello Ada"}
    assert "FunctionError" not in answer
    [request] = set(re.findall(r"RequestId: ([0-9a-f-]{36})", log))
    lines = log.splitlines()
    assert lines[:3] == [
        f"START RequestId: {request} Version: $LATEST",
        "INFO: Ada",
        f"END RequestId: {request}",
    ]
    assert re.match(rf"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t", lines[3])


def test_the_log_is_answered_when_asked_for_and_its_end_only(cloud: World) -> None:
    cloud.lambda_function("greet", greet)
    assert "LogResult" not in invoke(cloud, {"name": "Ada"})

    tail = base64.b64decode(invoke(cloud, {"name": "x" * 9000}, LogType="Tail")["LogResult"])
    assert len(tail) == 4096
    assert b"START" not in tail
    assert b"REPORT" in tail


def test_an_exception_is_a_function_error_with_status_200(cloud: World) -> None:
    cloud.lambda_function("greet", greet)
    answer = invoke(cloud, {}, LogType="Tail")
    told = json.loads(answer["Payload"].read())

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (told["errorType"], told["errorMessage"]) == ("KeyError", "'name'")
    assert "in greet" in told["stackTrace"][-1]
    assert "[ERROR] KeyError: 'name'" in base64.b64decode(answer["LogResult"]).decode()


def test_nothing_returned_is_null(cloud: World) -> None:
    cloud.lambda_function("greet", lambda event, context: None)

    assert invoke(cloud, {})["Payload"].read() == b"null"


def test_an_unknown_function_is_not_found(cloud: World) -> None:
    client = cloud.client("lambda")
    said = "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:greet"
    for ask in (client.get_function, client.invoke):
        with pytest.raises(client.exceptions.ResourceNotFoundException, match=said) as refused:
            ask(FunctionName="greet")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_functions_are_listed_and_known_by_name_and_arn(cloud: World) -> None:
    arn = cloud.lambda_function("greet", greet)
    client = cloud.client("lambda")

    assert [each["FunctionName"] for each in client.list_functions()["Functions"]] == ["greet"]
    assert client.get_function(FunctionName="greet")["Configuration"]["FunctionArn"] == arn
    client.invoke(FunctionName=arn, Payload=b'{"name": "Ada"}')
    client.invoke(FunctionName=f"{arn}:7", Payload=b'{"name": "Bob"}')
    assert [each.event["name"] for each in cloud.invocations] == ["Ada", "Bob"]


def test_an_event_is_answered_at_once_and_a_dry_run_runs_nothing(cloud: World) -> None:
    cloud.lambda_function("greet", greet)

    assert invoke(cloud, {"name": "Ada"}, InvocationType="DryRun")["StatusCode"] == 204
    assert invoke(cloud, {"name": "Bob"}, InvocationType="Event")["StatusCode"] == 202
    eventually(lambda: [each.event["name"] for each in cloud.invocations], ["Bob"])


def test_a_function_may_call_aws_and_others_may_meanwhile(cloud: World) -> None:
    running, go_on = threading.Event(), threading.Event()

    def count(event: Any, context: Context) -> int:
        running.set()
        assert go_on.wait(10)
        return len(cloud.client("ssm").describe_parameters()["Parameters"])

    cloud.lambda_function("greet", count)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(invoke, cloud, {})
        assert running.wait(10)
        cloud.client("ssm").put_parameter(Name="/one", Value="1", Type="String")
        go_on.set()
        assert answer.result()["Payload"].read() == b"1"


def test_an_invocation_can_be_denied_throttled_and_is_in_the_journal(cloud: World) -> None:
    from botocore.config import Config
    from botocore.session import Session

    cloud.lambda_function("greet", greet)
    environment = cloud.environment
    client = Session().create_client(
        "lambda",
        region_name=cloud.region,
        endpoint_url=cloud.endpoint_url,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.invoke(FunctionName="greet", Payload=b'{"name": "Ada"}')
    cloud.faults.deny("lambda:InvokeFunction")
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDeniedException"):
        client.invoke(FunctionName="greet", Payload=b"{}")
    cloud.faults.clear()
    cloud.faults.throttle(1.0)
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName="greet", Payload=b"{}")

    calls = cloud.journal.of("Invoke")
    assert [call.outcome for call in calls] == ["ok", "AccessDeniedException", "TooManyRequestsException"]
    assert calls[0].parameters["FunctionName"] == "greet"
    assert len(cloud.invocations) == 1


def test_what_is_not_modelled_says_so(cloud: World) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="not modelled"):
        cloud.client("lambda").list_layers()


def test_a_reset_forgets_functions_and_invocations(cloud: World) -> None:
    cloud.lambda_function("greet", greet)
    invoke(cloud, {"name": "Ada"})
    cloud.reset()

    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.invocations == []
