from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.pipeline import Approval, Variables
from gocd.rehearsal.over_http import OverHTTP
from gocd.rehearsal.standin_gocd.foreground import Foreground
from gocd.rehearsal.standin_gocd.runs import Status
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import serving


def test_a_run_asked_for_over_http_is_the_run_that_is_waited_for(tmp_path: Path) -> None:
    of = pipeline(
        stage("one", bash("true")),
        stage("two", bash('[ "$WHERE" = there ] && [ -n "$GO_SERVER_URL" ]'), approval=Approval(manual=True)),
        name="app",
        variables=Variables({"WHERE": "here"}),
    )
    with serving(tmp_path, of) as gocd:
        orders = OverHTTP(gocd.url)
        foreground = Foreground(gocd.server, "app", variables={"WHERE": "there"}, orders=orders)

        waiting = foreground.run()
        passed = foreground.run(approve=["two"])
        again = foreground.run_stage("one")

        assert (waiting.status, waiting.counter, waiting.waiting_for) == (Status.WAITING, 1, "two")
        assert (passed.status, passed.counter) == (Status.PASSED, 2)
        assert (again.status, [each.counter for each in again.stages]) == (Status.WAITING, [1, 1, 2])
        assert "POST /api/pipelines/app/schedule" in gocd.faults.asked
        console = (gocd.folder / "artifacts/app/2/two/1/job/cruise-output/console.log").read_text()
        assert f"'GO_SERVER_URL' to value '{gocd.url}'" in console
        with pytest.raises(
            GoCDError, match=r"the server refused it: .*Variable 'TYPO' has not been configured"
        ):
            orders.trigger("app", "", {"TYPO": ""})
