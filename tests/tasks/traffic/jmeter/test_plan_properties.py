"""A property that the plan never reads is refused, and so is a plan that lacks one that it needs."""

from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from tasks.running.errors import Refused
from tasks.traffic.jmeter.bundled import bundled_jars, laid_out
from tasks.traffic.jmeter.own_properties import OwnProperties
from tasks.traffic.jmeter.plan_properties import check_properties
from tests.tasks.traffic.jmeter.plans import PLAN

NOTHING = OwnProperties(None, {})


def plan_of(folder: Path, *texts: str, more: str = "", name: str = "plan.jmx") -> Path:
    """A plan of one sampler with these texts in it, and *more* elements beside it."""
    written = "".join(f'<stringProp name="text">{escape(text)}</stringProp>' for text in texts)
    path = folder / name
    path.write_text(
        "<jmeterTestPlan><hashTree><TestPlan/><hashTree><ThreadGroup/><hashTree>"
        f"<HTTPSamplerProxy>{written}</HTTPSamplerProxy><hashTree/>{more}"
        "</hashTree></hashTree></hashTree></jmeterTestPlan>"
    )
    return path


def variables(**values: str) -> str:
    pairs = "".join(
        f'<elementProp name="{name}" elementType="Argument">'
        f'<stringProp name="Argument.name">{name}</stringProp>'
        f'<stringProp name="Argument.value">{escape(value)}</stringProp></elementProp>'
        for name, value in values.items()
    )
    pairs = f'<collectionProp name="Arguments.arguments">{pairs}</collectionProp>'
    return f"<Arguments>{pairs}</Arguments><hashTree/>"


def element(name: str, enabled: str = "true", **properties: str) -> str:
    written = "".join(
        f'<stringProp name="{key}">{escape(value)}</stringProp>' for key, value in properties.items()
    )
    return f'<{name} enabled="{enabled}">{written}</{name}><hashTree/>'


def refusal(plan: Path, given: Mapping[str, str], own: OwnProperties = NOTHING) -> tuple[str, str]:
    with pytest.raises(Refused) as problem:
        check_properties(plan, given, (), own)
    return problem.value.what, problem.value.advice or ""


def test_the_ready_plan_reads_what_readme_names_and_needs_a_host() -> None:
    names = ("protocol", "host", "port", "path", "duration", "rate", "threads", "status")
    given = dict.fromkeys((*names, "connect_timeout", "response_timeout"), "1")
    check_properties(PLAN, given, (), NOTHING)
    advice = "Give it with --property host=..., or write one into the plan: ${__P(host,...)}"

    assert refusal(PLAN, {"port": "80"}) == (f"{PLAN} needs a value for the property host", advice)
    assert refusal(PLAN, {"host": ""}) == refusal(PLAN, {})


def test_a_misspelt_property_is_refused_with_the_nearest_that_the_plan_reads() -> None:
    assert refusal(PLAN, {"hots": "10.0.0.9"}) == (
        f"{PLAN} does not read the property hots: --property hots would change nothing",
        "Did you mean host?",
    )


def test_an_option_that_the_plan_does_not_read_is_refused_by_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(Refused) as problem:
        check_properties(plan_of(tmp_path, "fixed"), {"duration": "60"}, ["duration"], NOTHING)

    assert problem.value.what.endswith("does not read the property duration: --duration would change nothing")


@pytest.mark.parametrize(
    "text",
    [
        "${__P(host,x)}",
        "${__property(host)}",
        "http://${__P(host,x)}:${__P(port,80)}/",
        "${__changeCase(${__P(host,x)},UPPER)}",
        "${__P(other,${__P(host,x)})}",
        r"${__groovy(vars.get('a') + '\,' + props.get('host'))}",
        '${__javaScript(props.get("host"))}',
        "${__isPropDefined(host)}",
        "${__eval(${__P(host,x)})}",
        "data/${__P(host,x)}.csv",
        'def at = props.getProperty("host", "x")',
        "def at = props['host']",
        "def at = props.host",
        'JMeterUtils.getPropDefault("host", "x")',
    ],
)
def test_a_property_is_read_in_each_of_these_ways(tmp_path: Path, text: str) -> None:
    check_properties(
        plan_of(tmp_path, text), {"host": "10.0.0.9"}, (), OwnProperties(None, {"JVM_ARGS": "-Dx=1"})
    )


@pytest.mark.parametrize(
    "text",
    [
        "host",
        "${host}",
        "${__P(hosts,x)}",
        "${__setProperty(host,x)}",
        "vars.get('host')",
        "${__P(host",
        "$host",
    ],
)
def test_none_of_these_reads_it(tmp_path: Path, text: str) -> None:
    assert "does not read the property host" in refusal(plan_of(tmp_path, text), {"host": "10.0.0.9"})[0]


def test_what_is_disabled_or_a_remark_reads_nothing(tmp_path: Path) -> None:
    read = "${__P(host,x)}"
    for more in (element("HeaderManager", "false", text=read), element("X", **{"TestPlan.comments": read})):
        assert "does not read" in refusal(plan_of(tmp_path, more=more), {"host": "10.0.0.9"})[0]


def test_names_are_found_through_the_plans_own_variables(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "${__P(${stage}.host,x)}", more=variables(stage="${__P(stage,staging)}"))

    check_properties(plan, {"staging.host": "10.0.0.9"}, (), NOTHING)
    check_properties(plan, {"stage": "live", "live.host": "10.0.0.9"}, (), NOTHING)
    assert refusal(plan, {"staging.hots": "10.0.0.9"})[1] == "Did you mean staging.host?"


@pytest.mark.parametrize("text", ["${__P(${row}.host,x)}", "props.get(at + '.host')", "props.each { }"])
def test_what_is_named_only_while_the_plan_runs_is_not_held_against_it(tmp_path: Path, text: str) -> None:
    check_properties(plan_of(tmp_path, text), {"row.host": "10.0.0.9"}, (), NOTHING)


def test_scripts_and_plans_in_other_files_are_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "more.groovy").write_text("props.get('host')")
    plan_of(tmp_path, "${__P(port,80)}", name="part.jmx")
    plan = plan_of(
        tmp_path,
        more=element("JSR223Sampler", filename="more.groovy")
        + element("IncludeController", **{"IncludeController.includepath": "part.jmx"}),
    )
    check_properties(plan, {"host": "10.0.0.9", "port": "8080"}, (), NOTHING)

    assert "does not read the property path" in refusal(plan, {"path": "/"})[0]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("${__P(host)}", "property host"),
        ("${__property(host)}", "property host"),
        ("${__property(host,HOST)}", "property host"),
        ("${__P(other,${__P(host)})}", "property host"),
        ("${__P(host)}:${__P(port)}", "properties host, port"),
        ("${__P(${__P(stage,live)}.host)}", "property live.host"),
    ],
)
def test_a_property_without_value_and_default_is_asked_for(tmp_path: Path, text: str, missing: str) -> None:
    assert refusal(plan_of(tmp_path, text), {})[0].endswith(f"needs a value for the {missing}")


@pytest.mark.parametrize(
    "text",
    [
        "${__P(host,)}",
        "${__property(host,HOST,x)}",
        "${__P(user.dir)}",
        "${__P(TESTSTART.MS)}",
        "${__P(jmeter.version)}",
        "${__P(given)}",
        "${__P(given,${__P(host)})}",
        "${__setProperty(host,x)}${__P(host)}",
        "props.put('host', 'x') // ${__P(host)}",
        "props.putAll(read()) // ${__P(host)}",
    ],
)
def test_what_has_a_value_from_elsewhere_is_not_asked_for(tmp_path: Path, text: str) -> None:
    more = "${__P(given,x)}"
    check_properties(plan_of(tmp_path, text, more), {"given": "1"}, (), NOTHING)


def test_what_jmeter_reads_itself_is_known_from_its_own_files(tmp_path: Path) -> None:
    jars = bundled_jars()
    assert jars
    own = OwnProperties(laid_out(jars, {"XDG_CACHE_HOME": str(tmp_path)}), {})
    plan = plan_of(tmp_path, "fixed")
    names = [
        *("jmeter.save.saveservice.output_format", "httpclient.timeout", "httpclient4.retrycount"),
        *("cookies", "remote_hosts", "sampleresult.timestamp.start", "language", "summariser.interval"),
    ]
    check_properties(plan, dict.fromkeys(names, "1"), (), own)

    assert "does not read the property host" in refusal(plan, {"host": "10.0.0.9"}, own)[0]


def test_what_a_site_has_set_for_all_plans_is_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "user.properties").write_text("# host=no\nhost = 10.0.0.9\nport: 80\n")
    plan = plan_of(tmp_path, "${__P(host)}:${__P(port)}/${__P(path)}")
    check_properties(plan, {}, (), OwnProperties(tmp_path, {"JVM_ARGS": "-Xmx1g -Dpath=/"}))

    assert refusal(plan, {}, OwnProperties(tmp_path, {}))[0].endswith("needs a value for the property path")


def test_a_text_that_nests_or_never_closes_is_read_within_a_second(tmp_path: Path) -> None:
    for text in ("${__P(a," * 5_000, "${a(" * 200_000, "$" * 1_000_000, "\\" * 1_000_000, "${x}" * 200_000):
        check_properties(plan_of(tmp_path, text), {}, (), NOTHING)
    check_properties(plan_of(tmp_path, "${__P(a," * 5_000 + ")}" * 5_000), {}, (), NOTHING)
