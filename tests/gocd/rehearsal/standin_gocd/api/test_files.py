from pathlib import Path

from tests.gocd.rehearsal.standin_gocd.serving import GoCD

CONSOLE = "cruise-output/console.log"


def test_what_a_job_published_is_read_file_by_file_and_listed_as_json(gocd: GoCD) -> None:
    gocd.post("/api/pipelines/app/schedule")
    gocd.until_over("app/1/build")
    job = "/files/app/1/build/1/job"

    assert gocd.get(f"{job}/out/a.txt").text == "1\n"
    assert gocd.get(f"{job}/out").status_code == 404
    assert [each["name"] for each in gocd.get(f"{job}/out.json").json()] == ["a.txt"]
    names = [(each["name"], each["type"]) for each in gocd.get(f"{job}.json").json()]
    assert names == [("cruise-output", "folder"), ("out", "folder")]
    assert gocd.get(f"{job}/out/../out/a.txt").status_code == 200
    assert gocd.get(f"{job}/nothing").text == (
        "Artifact 'nothing' is unavailable as it may have been purged by Go or deleted externally."
    )
    assert gocd.get("/files/app/Latest/build/latest/job/out/a.txt").text == "1\n"
    assert gocd.get("/files/app/7/build/1/job/out/a.txt").text == "Job app/7/build/1/job not found."


def test_a_console_is_read_on_from_a_line_while_the_job_runs(gocd: GoCD, tmp_path: Path) -> None:
    gocd.post("/api/pipelines/waits/schedule")
    gocd.until("/api/stages/waits/1/one/1", lambda stage: stage["jobs"][0]["state"] == "Building", 3)
    path = f"/files/waits/1/one/1/job/{CONSOLE}"

    before = gocd.get(f"{path}?startLineNumber=0").text.splitlines()
    (tmp_path / "waits-one-job").touch()
    gocd.until_over("waits/1/one")
    after = gocd.get(f"{path}?startLineNumber={len(before)}").text.splitlines()

    assert any("Start to build" in line or "Start to prepare" in line for line in before)
    assert after[-1].endswith(f"[{gocd.server.agents.workplaces[0].folder}/pipelines/waits]")
    assert [*before, *after] == gocd.get(path).text.splitlines()
    assert gocd.get(f"{path}?startLineNumber=9999").text == ""
