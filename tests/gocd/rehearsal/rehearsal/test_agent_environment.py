"""What a rehearsed agent's tasks see of the environment that the rehearsal was started in."""

import pytest

from gocd.rehearsal.rehearsal import agent_environment


def test_the_rehearsals_own_options_secrets_and_aws_stay_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOCD_TASKS_VERSION", "GOCD_ACCESS_TOKEN", "GO_PIPELINE_LABEL", "AWS_PROFILE", "LANGUAGE"):
        monkeypatch.setenv(name, "mine")
    seen = agent_environment({"AWS_REGION": "eu-west-1"})

    assert sorted(name for name, value in seen.items() if value == "mine") == ["LANGUAGE"]
    assert seen["AWS_REGION"] == "eu-west-1"
