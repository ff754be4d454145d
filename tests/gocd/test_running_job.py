import subprocess
import sys

from gocd.running_job import RunningJob

VARIABLES = {
    "GO_PIPELINE_NAME": "staging",
    "GO_PIPELINE_COUNTER": "12",
    "GO_PIPELINE_LABEL": "2.0-12",
    "GO_STAGE_NAME": "Staging-1",
    "GO_STAGE_COUNTER": "1",
    "GO_JOB_NAME": "deploy",
    "GO_TRIGGER_USER": "anna",
}


def test_a_job_is_read_from_the_variables_an_agent_sets() -> None:
    job = RunningJob.from_environment(VARIABLES)

    assert job == RunningJob("staging", 12, "2.0-12", "Staging-1", 1, "deploy", "anna")


def test_a_locator_is_written_as_gocd_writes_it() -> None:
    job = RunningJob.from_environment(VARIABLES)

    assert job is not None
    assert job.locator == "staging/12/Staging-1/1/deploy"


def test_outside_of_gocd_there_is_no_job() -> None:
    assert RunningJob.from_environment({}) is None


def test_an_incomplete_or_senseless_environment_is_outside_of_gocd() -> None:
    for counter in ("twelve", "", "1_2", "²", "-1", "9" * 400):
        assert RunningJob.from_environment({**VARIABLES, "GO_PIPELINE_COUNTER": counter}) is None
    assert RunningJob.from_environment({"GO_PIPELINE_NAME": "staging"}) is None


def test_reading_the_job_imports_nothing_heavy() -> None:
    script = "import sys, gocd.running_job; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert not {"yaml", "requests", "boto3", "typer"} & set(done.stdout.split())
