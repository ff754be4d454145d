"""``pipeline unlock`` takes a lock from a run that does not go on, and says from which."""

from tests.tasks.pipelines.conftest import Shell

UNLOCK = "POST /api/pipelines/locks/unlock"


def failed(shell: Shell) -> None:
    shell.open("locks-one")
    shell("trigger", "locks", "--watch")
    shell.gocd.faults.asked.clear()


def test_what_was_locked_and_by_which_run_is_said(shell: Shell) -> None:
    failed(shell)
    first, second = shell("unlock", "locks"), shell("unlock", "locks")

    assert (first.returncode, first.stdout) == (
        0,
        "locks: unlocked; it was locked by locks/1, whose two failed\n",
    )
    assert (second.returncode, second.stdout) == (0, "locks: is not locked; nothing to do\n")
    assert shell.orders == [UNLOCK]
    assert shell.gocd.server.served("locks").locked_by is None


def test_nothing_is_unlocked_under_a_run(shell: Shell) -> None:
    shell("trigger", "locks")
    shell.gocd.faults.asked.clear()
    done = shell("unlock", "locks")

    assert (done.returncode, done.stdout, shell.orders) == (2, "", [])
    assert done.stderr == (
        "error: locks is not unlocked while locks/1 runs one; nothing was changed. "
        "Watch it: gocd-tasks pipeline watch locks/1\n"
    )


def test_an_order_whose_answer_is_lost_is_looked_for(shell: Shell) -> None:
    failed(shell)
    shell.gocd.faults.only = "/unlock"
    shell.gocd.faults.cut = 1
    done = shell("unlock", "locks")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "locks: unlocked; it was locked by locks/1, whose two failed"
    assert shell.orders == [UNLOCK]


def test_an_order_that_never_arrived_leaves_it_locked_and_that_is_said(shell: Shell) -> None:
    failed(shell)
    shell.gocd.faults.only = "/unlock"
    shell.gocd.faults.unheard = 1
    done = shell("unlock", "locks")

    assert done.returncode == 3
    assert done.stderr.endswith(
        "locks may or may not be locked. See: gocd-tasks pipeline status locks. "
        "If it still is: gocd-tasks pipeline unlock locks\n"
    )
