import json
from pathlib import Path

from gocd.report.rollout import Rollout, read_rollout
from gocd.report.task_runs import Ending
from tests.gocd.report.rollouts import ZERO, event, rolled, run, write_events


def read(folder: Path, *lines: str) -> Rollout:
    return read_rollout([write_events(folder / "events.jsonl", lines)])


def states(rollout: Rollout) -> dict[str, list[tuple[str, float | None, float | None]]]:
    """The stays of each instance, in seconds after the start."""

    def after(at: float | None) -> float | None:
        return None if at is None else round(at - ZERO, 3)

    return {
        each.name: [(stay.state, after(stay.start), after(stay.end)) for stay in each.stays]
        for each in rollout.instances
    }


def test_an_instance_goes_from_serving_to_serving(tmp_path: Path) -> None:
    assert states(read(tmp_path, *rolled())) == {
        "Staging-1": [
            ("serving", None, 1),
            ("draining", 1, 10),
            ("out", 10, 11),
            ("deploying", 11, 14),
            ("out", 14, 16),
            ("joining", 16, 20),
            ("serving", 20, None),
        ]
    }


def shifted(at: float, share: object) -> str:
    return event(at, "switch-traffic", "shifted", green="web-b", blue="web-a", share=share)


def test_two_environments_have_all_users_between_them(tmp_path: Path) -> None:
    lines = [shifted(at, share) for at, share in enumerate((0, 10, 50, 50, 100))]
    spoilt = [shifted(9, share) for share in ("100", 101, None, -1)]
    rollout = read(tmp_path, *run("switch-traffic", 0, 10, *lines, *spoilt))

    told = {each.name: [(stay.state, stay.start) for stay in each.stays] for each in rollout.environments}
    assert told == {
        "web-a": [
            ("all users", None),
            ("90% of users", ZERO + 1),
            ("50% of users", ZERO + 2),
            ("no users", ZERO + 4),
        ],
        "web-b": [
            ("no users", None),
            ("10% of users", ZERO + 1),
            ("50% of users", ZERO + 2),
            ("all users", ZERO + 4),
        ],
    }


def test_users_may_notice_what_is_deployed_only_once_they_are_led_there(tmp_path: Path) -> None:
    before, after = run("deploy-artifact", 0, 5), run("deploy-artifact", 20, 25)
    led = run("switch-traffic", 10, 15, shifted(11, 0), shifted(12, 50))

    assert read(tmp_path, *before, *led, *after).changing == [(ZERO + 10, ZERO + 15), (ZERO + 20, ZERO + 25)]
    assert read(tmp_path, *before).changing == [(ZERO, ZERO + 5)]


def test_an_environment_is_there_from_its_clone_on_until_it_is_deleted_and_again(tmp_path: Path) -> None:
    rollout = read(
        tmp_path,
        event(1, "clone-environment", "created", group="web-b", source="web-a"),
        shifted(2, 100),
        event(3, "retire-environment", "deleted", target_group="web-a"),
        event(4, "retire-environment", "retired", environment="web-a"),
        event(5, "clone-environment", "created", group="web-a", source="web-b"),
        event(6, "switch-traffic", "shifted", green="web-a", blue="web-b", share=100),
    )

    told = {
        each.name: [
            (stay.state, stay.start and stay.start - ZERO, stay.end and stay.end - ZERO)
            for stay in each.stays
        ]
        for each in rollout.environments
    }
    assert told == {
        "web-a": [("all users", None, 2), ("no users", 2, 3), ("no users", 5, 6), ("all users", 6, None)],
        "web-b": [("no users", 1, 2), ("all users", 2, 6), ("no users", 6, None)],
    }


def test_a_run_is_from_its_start_to_its_end(tmp_path: Path) -> None:
    [only] = read(tmp_path, *run("detach-instance", 2, 12.5)).runs

    assert (only.start - ZERO, only.until - ZERO, only.outcome) == (2, 12.5, Ending.DONE)
    assert only.place == "Staging-1/1 deploy"


def test_exit_codes_are_words(tmp_path: Path) -> None:
    codes = (0, 1, 2, 3, 130, 143, 137)
    lines = [line for at, code in enumerate(codes) for line in run("t", at, at + 0.5, code=code)]

    words = ["done", "failed", "refused", "timed out", "cancelled", "cancelled", "failed"]
    assert [each.outcome.value for each in read(tmp_path, *lines).runs] == words


def test_an_end_that_does_not_say_how_it_was_is_no_good_one(tmp_path: Path) -> None:
    told = json.loads(event(1, "t", "ended", exit_code=0))
    without = {name: value for name, value in told.items() if name != "exit_code"}

    for untold in (without, told | {"exit_code": None}, told | {"exit_code": "0"}):
        [only] = read(tmp_path, event(0, "t", "started"), json.dumps(untold)).runs
        assert only.outcome is Ending.FAILED


def test_a_killed_run_has_no_end_and_its_successor_is_another_run(tmp_path: Path) -> None:
    killed = [event(0, "attach-instance", "started"), event(1, "attach-instance", "joining", "Staging-1")]
    again = run("attach-instance", 30, 33, event(33, "attach-instance", "serving", "Staging-1"))
    rollout = read(tmp_path, *killed, *again)

    assert [(each.outcome, each.until - ZERO) for each in rollout.runs] == [
        (Ending.NOT_SEEN, 1),
        (Ending.DONE, 33),
    ]
    assert states(rollout)["Staging-1"] == [("out", None, 1), ("joining", 1, 33), ("serving", 33, None)]


def test_runs_that_overlap_in_one_file_are_told_apart(tmp_path: Path) -> None:
    one, two = (run("detach-instance", at, at + 10, process=at) for at in (1, 2))
    mixed = [line for pair in zip(one, two, strict=True) for line in pair]

    assert [each.until - each.start for each in read(tmp_path, *mixed).runs] == [10, 10]


def test_files_of_several_jobs_are_one_rollout_in_any_order(tmp_path: Path) -> None:
    first = write_events(tmp_path / "b.jsonl", rolled("Staging-1"))
    second = write_events(tmp_path / "a.jsonl", rolled("Staging-2", at=30))

    assert read_rollout([first, second]) == read_rollout([second, first])
    assert list(states(read_rollout([first, second]))) == ["Staging-1", "Staging-2"]


def test_a_file_and_its_copy_count_once(tmp_path: Path) -> None:
    files = [write_events(tmp_path / name, rolled()) for name in ("a.jsonl", "b.jsonl")]

    assert read_rollout(files) == read_rollout(files[:1])


def test_a_cut_off_last_line_is_said(tmp_path: Path) -> None:
    path = write_events(tmp_path / "e.jsonl", run("sleep-settle", 0, 1))
    path.write_bytes(path.read_bytes() + b'{"time": "2026-01-0')
    rollout = read_rollout([path])

    assert [each.outcome for each in rollout.runs] == [Ending.DONE]
    assert rollout.complaints == (f"{path}: its last line was cut off, and is left out.",)


def test_lines_that_are_no_events_are_counted_and_left_out(tmp_path: Path) -> None:
    wrong = ["nonsense", "[1]", "{}", '{"time": 3}', '{"time": "soon"}', "null", '"x"', "[" * 9000]
    rollout = read(tmp_path, *wrong, *run("sleep-settle", 0, 1))

    assert len(rollout.runs) == 1
    assert rollout.complaints[0].endswith("8 lines could not be read as events, and left out.")


def test_an_unknown_state_is_shown_as_it_is(tmp_path: Path) -> None:
    rollout = read(tmp_path, event(3, "rolling-deploy", "rebooting", "Staging-9"))

    assert states(rollout) == {"Staging-9": [("rebooting", 3, None)]}


def test_clocks_that_differ_turn_no_state_back(tmp_path: Path) -> None:
    """The agent that attaches is two seconds behind the one that deployed."""
    done = event(5, "deploy-artifact", "deployed", "S", stage="one/1")
    joining = event(4, "attach-instance", "joining", "S", stage="two/1")
    deployed = run("deploy-artifact", 0, 5, done, stage="one/1")
    attached = run("attach-instance", 3, 9, joining, stage="two/1")

    assert states(read(tmp_path, *deployed, *attached))["S"] == [
        ("out", None, 0),
        ("deploying", 0, 4),
        ("joining", 4, None),
    ]


def test_a_deployment_that_fails_leaves_the_instance_as_it_was(tmp_path: Path) -> None:
    detached = run("detach-instance", 0, 2, event(2, "detach-instance", "detached", "S"))
    failed = run("deploy-artifact", 3, 6, event(4, "deploy-artifact", "installing", "S"), code=1)

    assert states(read(tmp_path, *detached, *failed))["S"] == [
        ("out", None, 3),
        ("deploying", 3, 6),
        ("out", 6, None),
    ]


def test_times_without_a_zone_and_with_a_z_are_utc(tmp_path: Path) -> None:
    lines = [f'{{"time": "2026-01-01T10:00:0{n}{zone}", "task": "t{n}"}}' for n, zone in ((1, ""), (2, "Z"))]

    assert [each.start - ZERO for each in read(tmp_path, *lines).runs] == [1, 2]
