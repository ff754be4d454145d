"""``pipeline preflight`` is the server's verdict on files, all of them together."""

from tests.tasks.pipelines.conftest import Shell

FILE = """\
format_version: 10
pipelines:
  {name}:
    group: apps
    materials: {{app: {{git: 'https://example.com/app'}}}}
    stages:
      - one:
          tasks:
            - exec: {{command: ls}}
"""
BEHIND = FILE.replace("git: 'https://example.com/app'", "pipeline: web, stage: one")


def write(shell: Shell, **files: str) -> list[str]:
    for name, text in files.items():
        (shell.line.folder / f"{name}.gocd.yaml").write_text(text)
    return [f"{name}.gocd.yaml" for name in files]


def test_files_that_need_each_other_are_judged_together(shell: Shell) -> None:
    files = write(shell, web=FILE.format(name="web"), behind=BEHIND.format(name="behind-web"))
    both, one = shell("preflight", *files), shell("preflight", files[1])

    assert (both.returncode, both.stderr) == (0, "")
    assert both.stdout == f"web.gocd.yaml, behind.gocd.yaml: valid for {shell.gocd.url}\n"
    assert shell.orders[0] == "POST /api/admin/config_repo_ops/preflight"
    assert one.returncode == 1
    error, verdict = one.stdout.splitlines()
    assert error.startswith("behind.gocd.yaml:3: Pipeline with name 'web' does not exist, ")
    assert verdict == f"behind.gocd.yaml: not valid for {shell.gocd.url}"
    assert len(shell.orders) == 2


def test_a_pipeline_that_is_there_is_defined_twice_unless_its_repository_is_named(shell: Shell) -> None:
    [file] = write(shell, app=FILE.format(name="app"))
    alone, named = shell("preflight", file), shell("preflight", file, "--repo", "pipelines")
    unknown = shell("preflight", file, "--repo", "tea")

    assert (alone.returncode, named.returncode, unknown.returncode) == (1, 0, 2)
    assert alone.stdout.startswith("app.gocd.yaml:3: You have defined multiple pipelines called 'app'")
    assert "name its repository: --repo ID" in alone.stdout
    assert unknown.stderr.startswith("error: GoCD has no config repository tea that may be seen here")


def test_what_the_plug_in_finds_is_told_on_its_line(shell: Shell) -> None:
    [file] = write(shell, bad=FILE.format(name="bad").replace("    group: apps\n", ""))
    done = shell("preflight", file)

    assert done.returncode == 1
    assert done.stdout.startswith("bad.gocd.yaml:3: ")
    assert "group" in done.stdout


def test_it_takes_an_administrator(shell: Shell) -> None:
    [file] = write(shell, web=FILE.format(name="web"))
    done = shell("preflight", file, GOCD_ACCESS_TOKEN="", GOCD_USER="ann", GOCD_PASSWORD="otter")

    assert done.returncode == 2
    assert done.stderr.startswith("error: GoCD does not let GOCD_USER and GOCD_PASSWORD do this (403: ")


def test_a_file_that_cannot_be_read_is_not_sent(shell: Shell) -> None:
    done = shell("preflight", "none.gocd.yaml")

    assert (done.returncode, shell.orders) == (2, [])
    assert (
        done.stderr
        == "error: none.gocd.yaml cannot be read (No such file or directory); nothing was changed\n"
    )
