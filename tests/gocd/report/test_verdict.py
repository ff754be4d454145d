from pathlib import Path

import pytest

from gocd.report.rollout import Rollout, read_rollout
from gocd.report.traffic import Traffic, read_traffic
from gocd.report.verdict import Conclusion, judge
from tests.gocd.report.rollouts import rolled, run, write_events, write_jtl


@pytest.fixture
def rollout(tmp_path: Path) -> Rollout:
    return read_rollout([write_events(tmp_path / "events.jsonl", rolled())])


def sent(folder: Path, seconds: float, **how: object) -> Traffic:
    return read_traffic(write_jtl(folder / "t.jtl", seconds, **how))  # type: ignore[arg-type]


def test_all_sent_and_nothing_lost_is_good(tmp_path: Path, rollout: Rollout) -> None:
    sentence = "No request was lost, and traffic was measured for all of the rollout's 18 s."

    assert judge([sent(tmp_path, 22)], rollout) == Conclusion(sentence, good=True)


def test_traffic_that_belongs_to_no_rollout_is_good_as_it_is(tmp_path: Path) -> None:
    assert judge([sent(tmp_path, 22)], Rollout()) == Conclusion("No request was lost.", good=True)


def test_traffic_has_to_be_there_while_something_changes_and_not_while_somebody_looks(tmp_path: Path) -> None:
    lines = [
        *run("verify-traffic", -9, 0),
        *run("detach-instance", 1, 4, process=8),
        *run("check-status", 30, 40, process=9),
    ]
    watched = read_rollout([write_events(tmp_path / "e", lines)])

    assert judge([sent(tmp_path, 9)], watched).good is True


def test_a_loss_is_counted(tmp_path: Path, rollout: Rollout) -> None:
    verdict = judge([sent(tmp_path, 22, lost={3: "503"})], rollout)

    assert verdict == Conclusion("10 of 220 requests were lost.", good=False)


def test_without_traffic_nothing_is_proven(rollout: Rollout) -> None:
    assert judge([], rollout) == Conclusion("No traffic was measured, so nothing is proven.", good=None)


def test_without_a_sample_nothing_is_proven(tmp_path: Path, rollout: Rollout) -> None:
    verdict = judge([sent(tmp_path, 0)], rollout)

    assert verdict == Conclusion("No request was sent, so nothing is proven.", good=None)


def test_traffic_that_missed_the_rollout_proves_nothing(tmp_path: Path, rollout: Rollout) -> None:
    after = judge([sent(tmp_path, 30, start=60)], rollout)
    part = judge([sent(tmp_path, 8)], rollout)

    assert (after.good, part.good) == (None, None)
    assert after.sentence == "No request was lost, but traffic was not measured while the rollout ran."
    assert "for only 7.9 s of the rollout's 18 s" in part.sentence


def test_what_could_not_be_read_may_have_held_a_loss(tmp_path: Path, rollout: Rollout) -> None:
    traffic = sent(tmp_path, 22)
    with Path(traffic.name).open("a") as jtl:
        jtl.write("17672")
    cut_off = judge([read_traffic(Path(traffic.name))], rollout)
    unread = judge([traffic], rollout, complete=False)

    assert cut_off == unread
    assert cut_off.good is None
    assert cut_off.sentence == "No request was lost, but not all that was measured could be read."


def test_a_long_silence_is_not_called_good(tmp_path: Path) -> None:
    paths = [write_jtl(tmp_path / "a.jtl", 5), write_jtl(tmp_path / "b.jtl", 5, start=12)]
    paths[0].write_text(paths[0].read_text() + "".join(paths[1].read_text().splitlines(keepends=True)[1:]))
    verdict = judge([read_traffic(paths[0])], Rollout())

    assert verdict.good is None
    assert verdict.sentence.startswith("No request was lost, but none succeeded for 7.")


def test_a_task_that_failed_is_said_first(tmp_path: Path) -> None:
    failed = read_rollout([write_events(tmp_path / "e", run("deploy-artifact", 1, 4, code=1))])

    seen = "No request was lost, and traffic was measured for all of the rollout's 3.0 s."
    assert judge([sent(tmp_path, 9)], failed) == Conclusion(f"deploy-artifact failed. {seen}", good=False)
    assert (
        judge([sent(tmp_path, 9, lost={2: "503"})], failed).sentence
        == "10 of 90 requests were lost, and deploy-artifact failed."
    )


def test_a_task_that_was_done_again_is_forgiven(tmp_path: Path) -> None:
    lines = [
        *run("deploy-artifact", 1, 4, code=1),
        *run("deploy-artifact", 6, 9, process=8, stage="Staging-1/2"),
    ]
    again = read_rollout([write_events(tmp_path / "e", lines)])

    assert judge([sent(tmp_path, 12)], again).good is True


def test_a_task_without_an_end_is_not_called_good(tmp_path: Path) -> None:
    killed = read_rollout([write_events(tmp_path / "e", run("attach-instance", 1, 4)[:1])])

    assert judge([sent(tmp_path, 9)], killed).sentence == "attach-instance did not end. No request was lost."
