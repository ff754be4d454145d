"""An appspec is judged as the agent would judge it: in words, and with the line to write instead."""

import re
import textwrap
from pathlib import Path

import pytest

from tasks.codedeploy.appspec.bundle import open_bundle
from tasks.codedeploy.appspec.judge import judge
from tests.fuzz.bounds import read
from tests.tasks.codedeploy.appspec.releases import FILES, START, bundle, tar

HEAD = "version: 0.0\nos: linux\n"


def faults(appspec: str | bytes, *, windows: bool = False) -> list[str]:
    found = judge(bundle(appspec, windows=windows), routes_traffic=True)
    return [str(each) for each in found.in_order]


def doubts(appspec: str, *, routes_traffic: bool = True) -> list[str]:
    found = judge(bundle(appspec), routes_traffic=routes_traffic)
    assert found.faults == []
    return [str(each) for each in found.doubts]


def after_head(text: str) -> str:
    return HEAD + textwrap.dedent(text)


TAKEN = [
    "version: 0.0\nos: linux\n",
    "version: 0\nos: 'linux'\nfiles:\nhooks:\npermissions:\n",
    "# the site's\nversion: 0.0\nos: linux\n---\nnothing: [that counts\n",
    after_head("files:\n- {source: /, destination: /srv/app}\n"),
    after_head("files:\n- {source: ., destination: /srv/app}\n- {source: bin/app, destination: /usr/bin}\n"),
    after_head(
        "hooks:\n  ApplicationStart:\n  - {location: /scripts/start.sh, timeout: '300', runas: root}\n"
    ),
    after_head("hooks:\n  ApplicationStart:\n  Whatever:\n"),
    after_head("hooks:\n  ApplicationStop: [{location: scripts/../scripts/stop.sh, timeout: }]\n"),
    after_head("file_exists_behavior: RETAIN\n"),
    after_head(
        """\
        files:
        - {source: /, destination: /srv/app}
        permissions:
        - {object: /srv/app, type: [file], mode: 644, owner: app, group: app, except: ['*.sh']}
        - {object: /srv/app, type: [directory], mode: "0755", acls: ['u:deploy:rwx', 'd:g:staff:r']}
        - {object: /srv/elsewhere, mode: 4755, context: {type: httpd_t, range: 's0-s1:c0.c3,c7'}}
        """
    ),
]


@pytest.mark.parametrize("appspec", TAKEN)
def test_what_the_agent_takes_is_taken(appspec: str) -> None:
    assert faults(appspec) == []


REFUSED = [
    ("", "1: is empty; write at least version: 0.0 and os: linux"),
    ("# nothing\n", "1: is empty; write at least"),
    ("- version: 0.0\n", "1: has no sections; write at least"),
    ("version: 1.0\nos: linux\n", "1: version is 1.0; write version: 0.0"),
    ('version: "0.0"\nos: linux\n', "1: version is in quotes, a text; write version: 0.0"),
    ("os: linux\n", "1: has no version; write version: 0.0"),
    ("version: 0.0\n", "1: has no os; write os: linux"),
    ("version: 0.0\nos: windows\n", "2: os is windows, and the instance runs Linux; write os: linux"),
    ("version: 0.0\nos: Linux\n", "2: os is Linux; write os: linux"),
    ("version: 0.0\nos: [linux]\n", "2: os is nothing; write os: linux"),
    ("version: 0.0\nResources:\n- a\n", "1: has no os, so it is for ECS or Lambda; write os: linux"),
    (HEAD + "file_exists_behavior: overwrite\n", "3: file_exists_behavior is overwrite; write OVERWRITE"),
    # YAML.
    (HEAD + "files:\n\t- source: /\n", "4: begins with a tab, which YAML does not take; write blanks"),
    (HEAD + "files: [a\n", "4: is no YAML (expected ',' or ']'"),
    (HEAD + "a: " + "[" * 1200 + "]" * 1200, "1: is nested too deeply to be an appspec"),
    (b"version: \xff\n", "1: is no YAML ("),
    # Hooks.
    (HEAD + "hooks: [a]\n", "3: hooks has no lifecycle events below it"),
    (
        HEAD + "hooks:\n  AfterInstal:\n  - location: scripts/start.sh\n",
        "4: no lifecycle event is called AfterInstal; write AfterInstall:",
    ),
    (
        HEAD + "hooks:\n  Deploy!!:\n  - location: scripts/start.sh\n",
        "4: no lifecycle event is called Deploy!!; there are ApplicationStop, BeforeInstall, ",
    ),
    (
        HEAD + "hooks:\n  ApplicationStart:\n    location: scripts/start.sh\n",
        "4: ApplicationStart has no list of scripts; write - location: scripts/start.sh below it",
    ),
    (
        HEAD + "hooks:\n  ApplicationStart:\n  - scripts/start.sh\n",
        "5: a script of ApplicationStart has no location; write - location: scripts/start.sh",
    ),
    (
        HEAD + "hooks:\n  ApplicationStart:\n  - timeout: 5\n",
        "5: a script of ApplicationStart has no location; write location: and its path",
    ),
    *(
        (
            f"{HEAD}hooks:\n  ApplicationStart:\n  - location: scripts/start.sh\n    timeout: {written}\n",
            f"6: timeout is {written}{instead}",
        )
        for written, instead in (
            ("0", "; write 1 or more seconds, or leave it out for 3,600"),
            ("-5", "; write 1 or more seconds"),
            ("0.9", "; write 1 or more seconds"),
            ("true", ", which is no number of seconds"),
        )
    ),
    *(
        (f"{HEAD}hooks:\n  ApplicationStart:\n  - location: {written}\n", f"5: {said}")
        for written, said in (
            ("scripts/strat.sh", "scripts/strat.sh is not in the release; write scripts/start.sh"),
            ("start.sh", "start.sh is not in the release; write scripts/start.sh"),
            ("scripts", "scripts is a folder; write the path of a script in it"),
            ("../up.sh", "../up.sh is not in the release"),
            (
                "scripts/start.sh --now",
                "scripts/start.sh --now is not in the release, as a location takes no arguments; "
                "write scripts/start.sh and put them into the script",
            ),
        )
    ),
    (
        HEAD + "hooks:\n  ApplicationStart:\n  - {location: scripts/start.sh, runas: a b}\n",
        "5: runas is a b, which is no user's name",
    ),
    # Files.
    (HEAD + "files: all\n", "3: files has no list below it; write - source: / and destination: below it"),
    (HEAD + "files:\n- all\n", "4: a file has neither source nor destination"),
    (HEAD + "files:\n- source: /\n", "4: a file has no destination; write destination: and a path"),
    (
        HEAD + "files:\n- source: /\n  destinaton: /srv\n",
        "4: a file has no destination; write it for destinaton",
    ),
    (HEAD + "files:\n- destination: /srv\n", "4: a file has no source; write source: and a path"),
    (HEAD + "files:\n- {source: 2.0, destination: /srv}\n", '4: source is no text; write source: "2.0"'),
    (HEAD + "files:\n- {source: /, destination: ''}\n", "4: destination is empty; write a whole path"),
    (
        HEAD + "files:\n- {source: /conf/ap.conf, destination: /srv}\n",
        "4: source /conf/ap.conf is not in the release; write conf/app.conf",
    ),
    (
        HEAD + "files:\n- source: /\n  destination: /srv/app\n- source: VERSION\n  destination: /srv/app\n",
        "6: VERSION would go to /srv/app/VERSION, as /VERSION does; leave one of them out",
    ),
    (
        HEAD + "files:\n- {source: bin/app, destination: /srv}\n- {source: conf, destination: /srv/app}\n",
        "5: the folder /srv/app would be where bin/app goes; leave one of them out",
    ),
    # Permissions.
    *(
        (f"{HEAD}files: [{{source: /, destination: /srv}}]\npermissions:\n{written}\n", said)
        for written, said in (
            ("- owner: app", "5: a permission has no object; write - object: and what it is for"),
            ("- {object: /srv, type: file}", "5: type is no list; write type: [file]"),
            ("- {object: /srv, type: [link]}", "5: type is link; write file or directory"),
            ("- {object: /srv, mode: 849}", "5: mode is 849; write three or four digits from 0 to 7"),
            ("- {object: /srv, mode: u+x}", "5: mode is u+x; write three or four digits"),
            (
                "- {object: /srv, owner: 1000}",
                "5: owner is 1000, which is no name; write a name, not a number",
            ),
            ("- {object: /srv, except: '*.sh'}", "5: except is no list of names; write except: [*.sh]"),
            ("- {object: /srv, acls: [deploy]}", '5: acls has deploy; write such as "u:deploy:rw"'),
            ("- {object: /srv, acls: ['u::rw']}", '5: acls has u::rw; write such as "u:deploy:rw"'),
            ("- {object: /srv, context: {name: a}}", "5: context has no type; write type:"),
            ("- {object: /srv, context: {type: a, range: s1-s0}}", "5: range is s1-s0; write such as s0"),
            (
                "- {object: /srv/VERSION, pattern: '*.sh'}",
                "5: /srv/VERSION is a file, for which pattern and except mean nothing; leave them out",
            ),
            (
                "- {object: /srv, mode: 644}\n- {object: /srv/VERSION, mode: 600}",
                "6: /srv/VERSION has its permissions from line 5; part them by type or pattern",
            ),
            (
                "- {object: /srv/bin, acls: ['d:u:deploy:rw']}",
                "5: a default of acls is for folders; write type: [directory]",
            ),
        )
    ),
]

# The agent takes these for something else than is written, which nobody means.
MISREAD = [
    (
        HEAD + "os: linux\n",
        "3: os stands in line 2 already, and only this one would count; write both as one",
    ),
    # Where its Ruby is an old one, at least.
    (HEAD + "x: &x []\nfiles: *x\n", "4: *x is an alias, which an agent takes only if its Ruby is old"),
    (
        HEAD + "hooks:\n  ApplicationStart:\n  - location: scripts/start.sh\n    timeout: 5m\n",
        "6: timeout is 5m, which is no number of seconds; write timeout: 300",
    ),
    (
        HEAD + "files: [{source: /, destination: /srv}]\npermissions:\n- {object: /srv, mode: 0644}\n",
        "5: mode 0644 would become 420; write mode: 644",
    ),
]


@pytest.mark.parametrize(("appspec", "said"), [*REFUSED, *MISREAD])
def test_what_the_agent_would_fail_for_is_told_with_its_line_and_the_line_to_write(
    appspec: str | bytes, said: str
) -> None:
    [told] = faults(appspec)

    assert told.startswith(f"appspec.yml:{said}")


DOUBTED = [
    ("hook:\n", "3: CodeDeploy passes over hook; write hooks:"),
    (
        "hooks:\n  ApplicationStart: [{location: scripts/start.sh, timout: 5}]\n",
        "4: CodeDeploy passes over timout; write timeout:",
    ),
    (
        "hooks:\n  Install: [{location: scripts/start.sh}]\n",
        "4: CodeDeploy runs no script in Install; write AfterInstall:",
    ),
    (
        "hooks:\n  ApplicationStart:\n"
        "  - {location: scripts/start.sh, timeout: 1800}\n  - {location: scripts/stop.sh, timeout: 1801}\n",
        "4: the timeouts of ApplicationStart are 3,601 s together, and its scripts have 3,600 s",
    ),
    (
        "files: [{source: bin, destination: srv/app}]\n",
        "3: destination srv/app counts from wherever the agent runs",
    ),
]


@pytest.mark.parametrize(("appspec", "said"), DOUBTED)
def test_what_the_agent_takes_and_hardly_anybody_means_is_worth_a_word(appspec: str, said: str) -> None:
    [told] = doubts(HEAD + appspec)

    assert told.startswith(f"appspec.yml:{said}")


def test_an_event_about_traffic_is_worth_a_word_only_where_it_never_comes() -> None:
    appspec = HEAD + "hooks:\n  BeforeAllowTraffic: [{location: scripts/start.sh}]\n"

    assert doubts(appspec) == []
    assert doubts(appspec, routes_traffic=False) == [
        "appspec.yml:4: BeforeAllowTraffic never runs, as the deployment group leaves the load balancer alone"
    ]


def test_on_windows_permissions_are_refused_and_case_and_slashes_mean_nothing() -> None:
    head = "version: 0.0\nos: windows\n"
    hooks = "hooks:\n  ApplicationStart: [{location: Scripts\\START.sh}]\n"
    files = "files: [{source: \\Conf, destination: c:\\srv\\app}]\n"

    assert faults(head + hooks + files, windows=True) == []
    assert faults(HEAD, windows=True) == [
        "appspec.yml:2: os is linux, and the instance runs Windows; write os: windows"
    ]
    assert faults(head + "permissions:\n- {object: c:\\srv}\n", windows=True) == [
        "appspec.yml:3: permissions are for Linux alone, and the instance runs Windows; leave them out"
    ]


def test_a_link_that_leads_nowhere_may_be_copied_but_not_run() -> None:
    links = {"current": "releases/1.0", "scripts/go.sh": "start.sh"}
    hooks = "hooks:\n  ApplicationStart: [{location: scripts/go.sh}, {location: current}]\n"
    files = "files: [{source: current, destination: /srv}, {source: scripts, destination: /srv/scripts}]\n"
    release = open_bundle(tar({"appspec.yml": (HEAD + hooks + files).encode(), **FILES}, links))

    assert [str(each) for each in judge(release, routes_traffic=True).faults] == [
        "appspec.yml:4: current is a link that leads nowhere"
    ]


@pytest.mark.parametrize("value", ["!!timestamp 'g:staff'", "!!bool 'never'", "!!int ''", "!!binary 'ä'"])
def test_a_value_that_is_not_of_the_kind_it_is_tagged_as_is_read_as_it_is_written(value: str) -> None:
    told = faults(f"version: 0.0\nos: {value}\nfiles:\n- {{source: /, destination: /srv}}\n")

    assert [each.split(" ")[0] for each in told] == ["appspec.yml:2:"]


def test_what_is_too_large_to_be_written_by_a_person_is_no_appspec() -> None:
    assert faults(b"#" * (1024**2 + 1)) == ["appspec.yml:1: is too large to be an appspec"]


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_its_lines() -> None:
    told = faults("version: 2\nos: mac\nfiles:\n- source: nowhere\nhooks:\n  Begin: [{location: gone}]\n")

    assert [each.split(":")[1] for each in told] == ["1", "2", "4", "6", "6"]


def test_what_an_appspec_says_cannot_pass_for_a_line_of_ours() -> None:
    [told, *_] = faults('version: 0.0\nos: "linux\\e[2J\\nerror: all is lost, ' + "x" * 500 + '"\n')

    assert "\x1b" not in told
    assert "\n" not in told
    assert len(told) < 200


def test_the_appspec_that_readme_shows_is_taken_as_it_is() -> None:
    readme = (Path(__file__).parents[4] / "README.rst").read_text(encoding="utf-8")
    [shown] = re.findall(r"\n   version: 0\.0\n(?:   .*\n|\n)+", readme)
    scripts = {f"scripts/{each}.sh": START for each in ("stop", "start", "validate")}
    found = judge(bundle(textwrap.dedent(shown), {"bin/app": b"", **scripts}), routes_traffic=False)

    assert (found.faults, found.doubts) == ([], [])


def test_a_pattern_of_many_stars_is_tried_at_once() -> None:
    appspec = after_head(
        f"""\
        files:
        - {{source: /, destination: /srv/app}}
        permissions:
        - {{object: /srv/app, pattern: "{"*a" * 30}b", except: ["{"*a" * 30}b"]}}
        """
    )
    release = bundle(appspec, {"a" * 200: b""})

    findings = read(lambda: judge(release, routes_traffic=True))

    assert findings is not None
    assert findings.faults == []


def test_a_script_of_blank_lines_is_looked_through_at_once() -> None:
    release = bundle(
        after_head("hooks:\n  ApplicationStart: [{location: scripts/start.sh}]\n"),
        {"scripts/start.sh": START + b"\n" * 200_000 + b"sleep 9 &\n"},
    )

    findings = read(lambda: judge(release, routes_traffic=True))

    assert findings is not None
    assert [each.line for each in findings.doubts] == [200_003]
