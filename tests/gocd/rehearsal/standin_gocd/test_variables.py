from dataclasses import replace

import pytest

from gocd.errors import GoCDError
from gocd.pipeline import Environment, Exec, Job, Material, Pipeline, Stage, Variables
from gocd.rehearsal.standin_gocd.materials import Upstream, label, material_variables, revisions
from gocd.rehearsal.standin_gocd.variables import (
    SERVER_URL,
    Values,
    Variable,
    described,
    environment,
    job_variables,
)
from gocd.running_job import RunningJob

RUNNING = RunningJob("staging", 3, "2.0-3", "one", 1, "deploy", "anna")
MATERIALS = (
    Material("my-app", "git", "https://me:secret@example.com/app.git", "main"),
    Material("dist", "dependency", pipeline="build", stage="package"),
)
UPSTREAM = {"build": Upstream("2.0", 41)}


def pipeline(
    pipeline_variables: Variables | None = None,
    stage_variables: Variables | None = None,
    job_variables: Variables | None = None,
    label_template: str = "${COUNT}",
    surroundings: Environment | None = None,
) -> Pipeline:
    job = Job("deploy", (Exec("true"),), job_variables or Variables(), resources=("linux", "java"))
    stage = Stage("one", (job,), variables=stage_variables or Variables())
    return Pipeline(
        name="staging",
        group="apps",
        materials=MATERIALS,
        stages=(stage,),
        label_template=label_template,
        variables=pipeline_variables or Variables(),
        environment=surroundings,
    )


def variables(
    of: Pipeline, values: Values | None = None, instance: tuple[int, int] | None = None
) -> list[Variable]:
    (stage,) = of.stages
    (job,) = stage.jobs
    materials = material_variables(of, revisions(of, UPSTREAM), UPSTREAM, "/srv/pipelines")
    found = job_variables(of, stage, job, RUNNING, materials, values or Values({}, {}), instance)
    return list(found)


def seen(
    of: Pipeline, values: Values | None = None, instance: tuple[int, int] | None = None
) -> dict[str, str]:
    return environment({}, variables(of, values, instance))


def test_a_job_is_told_who_it_is() -> None:
    found = seen(pipeline())

    assert found["GO_SERVER_URL"] == SERVER_URL
    assert found["GO_PIPELINE_GROUP_NAME"] == "apps"
    assert found["GO_AGENT_RESOURCES"] == "linux,java"
    assert RunningJob.from_environment(found) == RUNNING


def test_a_config_repositorys_own_material_tells_where_the_file_is_from() -> None:
    found = seen(replace(pipeline(), materials=(Material("code", "configrepo"),)))

    assert found["GO_MATERIAL_URL_CODE"] == "/srv/pipelines"
    assert found["GO_MATERIAL_BRANCH_CODE"] == "master"


def test_materials_become_variables_under_their_names() -> None:
    found = seen(pipeline())

    assert found["GO_MATERIAL_URL_MY_APP"] == "https://example.com/app.git"
    assert found["GO_MATERIAL_BRANCH_MY_APP"] == "main"
    assert len(found["GO_REVISION_MY_APP"]) == 40
    assert found["GO_MATERIAL_MY_APP_HAS_CHANGED"] == "true"
    assert found["GO_DEPENDENCY_LABEL_DIST"] == "2.0"
    assert found["GO_DEPENDENCY_LOCATOR_DIST"] == "build/41/package/1"


def test_a_job_overrides_its_stage_and_a_stage_its_pipeline_and_all_of_them_gocd() -> None:
    of = pipeline(
        Variables({"A": "pipeline", "B": "pipeline", "C": "pipeline", "GO_JOB_NAME": "mine"}),
        Variables({"B": "stage", "C": "stage"}),
        Variables({"C": "job"}),
        surroundings=Environment("live", Variables({"A": "environment", "D": "environment"})),
    )

    found = seen(of)

    assert [found[name] for name in "ABCD"] == ["pipeline", "stage", "job", "environment"]
    assert (found["GO_JOB_NAME"], found["GO_ENVIRONMENT_NAME"]) == ("mine", "live")


def test_values_from_the_trigger_win_but_only_for_names_already_present() -> None:
    values = Values({}, {"A": "trigger", "ELSEWHERE": "trigger"})

    found = seen(pipeline(Variables({"A": "1"}), job_variables=Variables({"A": "2"})), values)

    assert found["A"] == "trigger"
    assert "ELSEWHERE" not in found


def test_a_value_from_the_trigger_for_an_undeclared_variable_is_refused() -> None:
    with pytest.raises(GoCDError, match="Variable 'B' has not been configured for pipeline 'staging'"):
        Values({}, {"B": "1"}).check(pipeline(Variables({"A": "1"})))


def test_numbered_jobs_know_their_number_and_may_still_override_it() -> None:
    assert seen(pipeline(), instance=(2, 5))["GO_JOB_RUN_INDEX"] == "2"
    assert (
        seen(pipeline(job_variables=Variables({"GO_JOB_RUN_COUNT": "x"})), instance=(2, 5))[
            "GO_JOB_RUN_COUNT"
        ]
        == "x"
    )


def test_an_encrypted_value_must_be_given() -> None:
    of = pipeline(Variables(secure={"TOKEN": "AES:a:b"}))

    with pytest.raises(GoCDError, match=r"secure variable 'TOKEN' .* --secret TOKEN=VALUE"):
        Values({}, {}).check(of)
    Values({"TOKEN": "x"}, {}).check(of)
    Values({}, {"TOKEN": "x"}).check(of)


def test_an_empty_secure_variable_stays_empty() -> None:
    assert Variable("TOKEN", "", True) in variables(pipeline(Variables(secure={"TOKEN": ""})))


def test_a_secure_variable_stays_secure_when_the_trigger_gives_it() -> None:
    found = variables(pipeline(Variables(secure={"TOKEN": ""})), Values({}, {"TOKEN": "x"}))

    assert found[-1] == Variable("TOKEN", "x", True)


def test_the_console_hides_secure_values_and_says_what_is_overridden() -> None:
    found = described(
        {"PATH": "/bin"}, [Variable("PATH", "/x"), Variable("T", "s", True), Variable("T", "t", True)]
    )

    assert list(found) == [
        "overriding environment variable 'PATH' with value '/x'",
        "setting environment variable 'T' to value '********'",
        "overriding environment variable 'T' with value '********'",
    ]


def test_a_job_variable_covers_the_agents_own() -> None:
    assert environment({"A": "agent", "B": "agent"}, [Variable("A", "job")]) == {"A": "job", "B": "agent"}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("${COUNT}", "7"),
        ("1.${COUNT}-${DIST}", "1.7-2.0"),
        ("${my-app[:7]}", revisions(pipeline(), UPSTREAM)["my-app"][:7]),
        ("${env:A}-${env:NONE}", "a-"),
        ("x" * 300 + "${COUNT}", "x" * 255),
    ],
)
def test_a_label_is_made_from_count_materials_and_variables(template: str, expected: str) -> None:
    of = pipeline(label_template=template)

    assert label(of, 7, revisions(of, UPSTREAM), {"A": "a"}) == expected


def test_an_upstream_run_that_nobody_named_is_an_error() -> None:
    with pytest.raises(GoCDError, match="pipeline 'staging' is started by 'build'"):
        revisions(pipeline(), {})
