"""What keeps an upgrade of HERD from beginning, said before anything is changed."""

import threading
import time

from gocd.rehearsal.sample.herd.stack import Herd, build_herd
from gocd.rehearsal.standin_aws.world import World
from tasks.herd.stack import CLOCKS_DIFFER
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine
from tests.tasks.upgrade_herd.upgrading import FUNCTION, deployments, invoke, invoked, upgrade


def test_a_bad_request_is_refused_before_anything_is_changed(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    cases: list[tuple[tuple[str, ...], dict[str, str], str]] = [
        (("--function", "nobody"), {}, "no Lambda function is called nobody in eu-west-1"),
        (("--environment", "prod"), {}, "SSM has no parameter under /app/MDL/mdl140/prod/HERD/ in eu-west-1"),
        (
            ("--mdl-instance", "mdl9"),
            {},
            "CodeDeploy has no group mdl9-HerdDeployGroup of an application mdl9-",
        ),
        (
            (),
            {"AWS_REGION": "us-east-1"},
            "SSM has no parameter under /app/MDL/mdl140/dev/HERD/ in us-east-1",
        ),
        (("--mdl-instance", "a/b"), {}, "'a/b' cannot be the name of an MDL instance or environment"),
        (("--version", "0.84 0"), {}, "'0.84 0' cannot be a version of HERD"),
        (("--deployment-id", "d-NOWHERE12"), {}, "CodeDeploy knows no deployment 'd-NOWHERE12' in eu-west-1"),
        (("--build-info-url", "herd"), {}, "--build-info-url is not an http:// or https:// address"),
        (("--ca-bundle", "/nowhere.pem"), {}, "there is no CA bundle /nowhere.pem"),
        ((), {"HERD_USER": "ann"}, "HERD_USER and HERD_PASSWORD go together"),
    ]
    for more, variables, said in cases:
        done = gocd_tasks(*upgrade(herd, "0.84.0", *more), **variables)

        assert done.returncode == 2, done.stderr
        assert f"error: {said}" in done.stderr
        assert "nothing was changed" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert cloud.invocations == []


def test_a_missing_permission_is_named(cloud: World, gocd_tasks: CommandLine, herd: Herd) -> None:
    policy = "The policy this command needs: gocd-tasks iam-policy upgrade-herd"
    for action in ("lambda:InvokeFunction", "ssm:GetParameters", "codedeploy:ListDeployments"):
        cloud.faults.clear()
        cloud.faults.deny(action)
        for more in ((), ("--dry-run",)):
            done = gocd_tasks(*upgrade(herd, "0.84.0", *more))

            assert done.returncode == 2
            assert f"error: AWS refused {action} " in done.stderr
            assert f"nothing was changed. {policy}" in done.stderr


def test_a_dry_run_asks_whether_the_function_could_be_invoked(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    done = gocd_tasks(*upgrade(herd, "0.84.0", "--dry-run"))
    nobody = gocd_tasks(*upgrade(herd, "0.84.0", "--dry-run", "--function", "nobody"))

    assert (done.returncode, done.stderr) == (0, "")
    assert f"{FUNCTION}: would be invoked, RequestedVersion 0.84.0" in done.stdout
    assert nobody.returncode == 2
    assert cloud.invocations == []


def test_a_login_is_wanted_before_anything_is_changed_and_never_shown(
    cloud: World, gocd_tasks: CommandLine
) -> None:
    herd = build_herd(cloud, credentials="ann:tops3cret", deregistration_delay=0)
    without = gocd_tasks(*upgrade(herd))
    wrong = gocd_tasks(*upgrade(herd), HERD_USER="ann", HERD_PASSWORD="wr0ng")
    assert cloud.invocations == []
    right = gocd_tasks(*upgrade(herd), HERD_USER="ann", HERD_PASSWORD="tops3cret")

    assert without.returncode == wrong.returncode == 2
    assert "answers 401: it wants HERD_USER and HERD_PASSWORD; nothing was changed" in without.stderr
    assert "answers 401: HERD_USER or HERD_PASSWORD is wrong; nothing was changed" in wrong.stderr
    assert right.returncode == 0, right.stderr
    said = "".join(each.stdout + each.stderr for each in (wrong, right))
    assert "tops3cret" not in said
    assert "wr0ng" not in said


def test_another_version_on_its_way_is_refused(cloud: World, gocd_tasks: CommandLine, herd: Herd) -> None:
    invoke(herd, "0.84.1")
    done = gocd_tasks(*upgrade(herd))
    [other] = deployments(herd)
    said = f"error: {other['deploymentId']} is upgrading HERD to 0.84.1; nothing was changed"

    assert done.returncode == 2
    assert said in done.stderr
    assert f"gocd-tasks watch-deployment {other['deploymentId']}" in done.stderr
    assert invoked(cloud) == ["0.84.1"]


def test_a_request_that_came_to_nothing_does_not_pass_for_the_running_version(
    cloud: World, gocd_tasks: CommandLine
) -> None:
    """Somebody has asked for 0.84.0 while 0.84.1 was on its way, which leaves 0.84.0 in SSM."""
    herd = build_herd(cloud, deregistration_delay=300)
    invoke(herd, "0.84.1")
    # The last that HERD's own scripts write of a good deployment.
    eventually(lambda: herd.parameter("DeploymentInvoked"), "true", patience=60)
    eventually(lambda: herd.parameter("DeploymentInvoked"), "false", patience=60)
    assert herd.parameter("CurrentVersion") == "0.84.1"
    [running] = deployments(herd)
    # Until it was asked for later than two clocks of AWS's may differ by.
    late = running["createTime"].timestamp() + CLOCKS_DIFFER.total_seconds() + 0.5
    threading.Event().wait(max(late - time.time(), 0))
    cloud.client("ssm").put_parameter(
        Name=f"{herd.names.parameters}/RequestedVersion", Value="0.84.0", Overwrite=True
    )
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 2
    assert "is under way, and SSM does not tell for which version" in done.stderr
    assert invoked(cloud) == ["0.84.1"]
