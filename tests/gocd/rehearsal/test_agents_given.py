import pytest

from gocd.errors import GoCDError
from gocd.pipeline import Job, Stage
from gocd.rehearsal.agents_given import agents_needed, check_agents, read_agents
from gocd.rehearsal.standin_gocd.agents import Resources
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline


@pytest.mark.parametrize(
    ("words", "agents"),
    [
        ([], None),
        (["1"], [()]),
        (["2:linux, docker"], [("linux", "docker"), ("linux", "docker")]),
        (["1", "1:linux"], [(), ("linux",)]),
    ],
)
def test_agents_are_given_as_a_number_and_their_resources(
    words: list[str], agents: list[Resources] | None
) -> None:
    assert read_agents(words) == agents


@pytest.mark.parametrize("word", ["0", "-1", "one", "", ":linux", "1.5", "101"])
def test_what_is_no_number_of_agents_is_refused(word: str) -> None:
    with pytest.raises(GoCDError, match=f"--agents {word} is"):
        read_agents([word])


@pytest.mark.parametrize(
    ("agents", "have"),
    [
        ([("linux",), ("docker",)], "docker or linux: it would wait for ever"),
        ([()], "none: it would wait for ever"),
    ],
)
def test_a_job_that_would_wait_for_ever_is_refused_with_what_there_is(
    agents: list[Resources], have: str
) -> None:
    of = pipeline(Stage("one", (Job("job", (bash("true"),), resources=("Linux", "docker")),)))

    with pytest.raises(GoCDError, match=f"one/job wants an agent with Linux,docker, and .* have {have}"):
        check_agents(of, agents)
    check_agents(of, [*agents, ("docker", "linux", "aws")])


def test_it_is_said_where_more_than_one_agent_is_needed() -> None:
    job = Job("job", (bash("true"),))
    one, two = Stage("one", (job,)), Stage("two", (job, Job("other", (bash("true"),), run_instances=2)))

    assert agents_needed(pipeline(one)) == ""
    assert agents_needed(pipeline(one, two)).startswith("Agents: one for each of 3 jobs at a time in two;")


def test_an_elastic_job_waits_for_none_of_them() -> None:
    elastic = Job("job", (bash("true"),), elastic_profile_id="small")

    check_agents(pipeline(Stage("one", (elastic,))), [()])
