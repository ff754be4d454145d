"""An appspec is judged as the agent judges it, each refusal in the words that people find in the console."""

import textwrap

import pytest

from gocd.rehearsal.standin_aws.services.code_deploy.agent.appspec import Script, parse_appspec
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure

HEAD = "version: 0.0\nos: linux\n"


def refusal(text: str, platform: str = "linux") -> str:
    with pytest.raises(AgentFailure) as refused:
        parse_appspec(textwrap.dedent(text), platform)
    assert refused.value.diagnostics["errorCode"] == "UnknownError"
    return str(refused.value)


@pytest.mark.parametrize("empty", ["", "# nothing\n", "false\n", "---\n"])
def test_an_empty_one_is_told_what_it_needs_at_least(empty: str) -> None:
    assert "the application specification file was empty" in refusal(empty)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("1.0", "1.0"),
        ('"0.0"', "0.0"),
        ("0.1", "0.1"),
        ("", ""),
        ("v0", "v0"),
        ("true", "true"),
        ("no", "false"),
    ],
)
def test_the_version_is_the_number_zero_and_nothing_else(version: str, told: str) -> None:
    said = f"an invalid version value ({told}) was entered"

    assert said in refusal(f"version: {version}\nos: linux\n")


@pytest.mark.parametrize("version", ["0.0", "0", "0.00"])
def test_zero_may_be_written_in_any_way(version: str) -> None:
    assert parse_appspec(f"version: {version}\nos: linux\n", "linux").hooks == {}


@pytest.mark.parametrize(
    ("system", "platform"), [("windows", "linux"), ("linux", "windows"), ("Linux", "linux"), ("", "linux")]
)
def test_an_instance_takes_its_own_system_alone(system: str, platform: str) -> None:
    said = f"specifies an unsupported operating system ({system}). Specify either"

    assert said in refusal(f"version: 0.0\nos: {system}\n", platform)


def test_what_is_no_mapping_fails_as_ruby_does() -> None:
    assert "invalid version value ()" in refusal("just words")
    assert refusal("- a list") == "no implicit conversion of String into Integer"
    assert refusal("a: b: c").startswith(
        "(<unknown>): mapping values are not allowed in this context at line 1"
    )
    assert "did not find expected node content while parsing a flow node at line" in refusal("files: {")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("files: [{destination: /srv}]", "specifies a destination file, but no source file"),
        ("files: [{source: app}]", "specifies only a source file (app). Add the name of the destination"),
        ("files: {source: app, destination: /srv}", "no implicit conversion of String into Integer"),
        ("files: app", "undefined method `each' for \"app\":String"),
        ("hooks: {BeforeInstall: [{timeout: 5}]}", "specifies a script with no location value"),
        ("hooks: {BeforeInstall: [{location: ' '}]}", "specifies a script with no location value"),
        ("hooks: {BeforeInstall: [{location: }]}", "specifies a script with no location value"),
        ("hooks: {BeforeInstall: {location: a}}", "method `has_key?' for [\"location\", \"a\"]:Array"),
        ("hooks: {BeforeInstall: a.sh}", "undefined method `each' for \"a.sh\":String"),
        ("hooks: [BeforeInstall]", "undefined method `each_pair' for [\"BeforeInstall\"]:Array"),
        ("file_exists_behavior: overwrite", "invalid file_exists_behavior value (overwrite) was entered"),
        ("permissions: [{mode: 755}]", "a permission listed in the application specification file has"),
        ("permissions: [{object: ' '}]", "a permission listed in the application specification file has"),
        ("permissions: [{object: /a, mode: 75555}]", "the length of a permissions mode (75555)"),
        ("permissions: [{object: /a, mode: 789}]", "mode (789) in the application specification file"),
        ("permissions: [{object: /a, mode: 0755}]", "the permissions mode (493)"),
        ("permissions: [{object: /a, type: [link]}]", "not supported for permissions (link)"),
        ("permissions: [{object: /a, type: file}]", "undefined method `each' for \"file\":String"),
        ("permissions: [{object: /a, except: x}]", "undefined method `each' for \"x\":String"),
        ("permissions: [{object: /a, context: {name: u}}]", 'invalid context type ({"name"=>"u"})'),
        ("permissions: [{object: /a, context: {type: t, range: x0}}]", "invalid sensitivity x0"),
        ("permissions: [{object: /a, context: {type: t, range: s2-s1}}]", "with the SELinux range specified"),
        ("permissions: [{object: /a, context: {type: t, range: 's0:c2000'}}]", "invalid category c2000"),
        ("permissions: [{object: /a, context: {type: t, range: 's0:c1,c0.c2'}}]", "duplicate categories"),
        ("permissions: [{object: /a, context: {type: t, range: 's0:'}}]", "invalid range part s0:"),
        ("permissions: [{object: /a, context: {type: t, range: 's0:c1.c3,c2'}}]", "duplicate categories"),
    ],
)  # fmt: skip
def test_each_section_is_refused_in_words_of_its_own(section: str, said: str) -> None:
    assert said in refusal(f"{HEAD}{section}\n")


@pytest.mark.parametrize("timeout", ["0", "-1", "0.5", "soon"])
def test_a_time_that_is_none_is_refused(timeout: str) -> None:
    text = f"{HEAD}hooks:\n  BeforeInstall:\n    - location: a.sh\n      timeout: {timeout}\n"

    assert "an invalid timeout value was provided for a script" in refusal(text)


@pytest.mark.parametrize(("timeout", "seconds"), [("60", 60), ("1.9", 1), ("'60s'", 60), ("", 3600)])
def test_a_time_is_whole_seconds_and_an_hour_if_none_is_said(timeout: str, seconds: int) -> None:
    text = f"{HEAD}hooks:\n  Any:\n    - location: ' a.sh '\n      timeout: {timeout}\n  Empty:\n"

    assert parse_appspec(text, "linux").hooks == {"Any": [Script("a.sh", seconds)]}


def test_windows_has_no_permissions() -> None:
    said = refusal("version: 0.0\nos: windows\npermissions: [{object: 'c:\\a'}]\n", "windows")

    assert "the deployment is targeting one or more Windows Server instances" in said
    assert "permission listed in the application specification file has no object" in refusal(
        "version: 0.0\nos: windows\npermissions: [{mode: 755}]\n", "windows"
    )


def test_whose_script_it_is_and_what_it_replaces_is_read() -> None:
    spec = parse_appspec(
        f"{HEAD}file_exists_behavior: RETAIN\nhooks: {{A: [{{location: a, runas: ' root ', sudo: yes}}]}}\n",
        "linux",
    )

    assert spec.file_exists_behavior == "RETAIN"
    assert spec.hooks == {"A": [Script("a", 3600, "root", sudo=True)]}
