from collections.abc import Iterator
from pathlib import Path

import pytest

from gocd.pipeline import Approval, Artifact, Job, Material, Stage, Variables
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import GoCD, serving

MANUAL = Approval(manual=True)

# What runs until a test makes the file it waits for.
WAIT = bash('until [ -e "$GATE/$GO_PIPELINE_NAME-$GO_STAGE_NAME-$GO_JOB_NAME" ]; do sleep 0.02; done')


@pytest.fixture
def gocd(tmp_path: Path) -> Iterator[GoCD]:
    """Security is off. ``app`` builds and deploys by hand; ``fails`` fails; ``waits`` waits for files."""
    publish = Job(
        "job", (bash("echo built; mkdir out; echo 1 > out/a.txt"),), artifacts=(Artifact("build", "out"),)
    )
    gate = Variables({"GATE": str(tmp_path)})
    build, deploy = Stage("build", (publish,)), stage("deploy", bash("echo $TARGET"), approval=MANUAL)
    half = (Job("good", (bash("exit 0"),)), Job("bad", (bash("echo oh no; exit $HOW"),)))
    with serving(
        tmp_path / "gocd",
        pipeline(build, deploy, name="app", variables=Variables({"TARGET": "here"}, {"KEY": ""})),
        pipeline(
            Stage("one", half), stage("two", bash("true")), name="fails", variables=Variables({"HOW": "3"})
        ),
        pipeline(stage("one", WAIT), stage("two", WAIT), stage("three", WAIT), name="waits", variables=gate),
        pipeline(
            stage("one", WAIT),
            stage("two", bash("true")),
            name="locks",
            variables=gate,
            lock_behavior="lockOnFailure",
        ),
        pipeline(
            stage("one", bash("echo $GO_DEPENDENCY_LOCATOR_UP")),
            name="down",
            materials=(Material("up", "dependency", pipeline="app", stage="build"),),
        ),
    ) as made:
        yield made
