"""The programs of an instance, run as its scripts run them."""

import json
import subprocess

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.machines.programs import aws_config, aws_program, python_program
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import listed


@pytest.fixture
def host(cloud: World) -> Instance:
    service = Service(
        exec_start=["{python}", "-c", "raise SystemExit('not before its first deployment')"],
        files={"/root/.aws/config": aws_config(cloud.environment)},
        programs={"aws": aws_program(), "python3": python_program()},
        starts_at_boot=False,
    )
    return cloud.launch("host", service=service)


def run(cloud: World, host: Instance, line: str) -> subprocess.CompletedProcess[str]:
    environment = host.environment(cloud.instances_mark)
    return subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, check=False)


def test_a_script_calls_aws_and_is_in_no_journal(cloud: World, host: Instance) -> None:
    put = run(
        cloud,
        host,
        """aws ssm put-parameter --cli-input-json '{"Name": "/a", "Value": "b", "Type": "String"}'""",
    )
    ask = """aws ssm get-parameter --cli-input-json '{"Name": "/a"}'"""
    text = run(cloud, host, f"{ask} --query Parameter.Value --output text")
    whole = run(cloud, host, ask)

    assert put.returncode == 0, put.stderr
    assert text.stdout == "b\n"
    assert json.loads(whole.stdout)["Parameter"]["Name"] == "/a"
    assert cloud.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "b"
    assert cloud.journal.calls == []


def test_what_aws_refuses_fails_the_script(cloud: World, host: Instance) -> None:
    refused = run(cloud, host, """aws ssm get-parameter --cli-input-json '{"Name": "/nowhere"}'""")

    assert refused.returncode == 254
    assert "(ParameterNotFound)" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_script_registers_its_instance(cloud: World, host: Instance) -> None:
    balancer = cloud.target_group("web")
    words = json.dumps({"TargetGroupArn": balancer.arn, "Targets": [{"Id": host.id, "Port": 8080}]})
    done = run(cloud, host, f"aws elbv2 register-targets --cli-input-json '{words}'")

    assert (done.returncode, done.stdout, done.stderr) == (0, "{}\n", "")
    assert listed(cloud, balancer) == {host.id}


def test_what_aws_refuses_in_xml_fails_the_script_too(cloud: World, host: Instance) -> None:
    words = json.dumps({"TargetGroupArn": "arn:aws:none", "Targets": [{"Id": host.id}]})
    refused = run(cloud, host, f"aws elbv2 register-targets --cli-input-json '{words}'")

    assert refused.returncode == 254
    assert "(TargetGroupNotFound) when calling the RegisterTargets operation" in refused.stderr


def test_what_no_script_needs_is_refused_in_words(cloud: World, host: Instance) -> None:
    refused = run(cloud, host, "aws elbv2 describe-rules")

    assert refused.returncode == 254
    assert "elbv2 DescribeRules is not among what scripts on this instance can call" in refused.stderr


def test_there_is_a_python_and_the_instance_knows_its_address(cloud: World, host: Instance) -> None:
    told = run(cloud, host, "python3 -c \"import json, os; print(os.environ['PRIVATE_IP'])\"")

    assert told.stdout == f"{host.private_ip}\n"
