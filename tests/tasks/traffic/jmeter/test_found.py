"""Which JMeter is taken, and what is said if there is none."""

import threading
import zipfile
from pathlib import Path

import pytest

from tasks.running.errors import Refused
from tasks.traffic.jmeter.bundled import bundled_jars, laid_out, release_of
from tasks.traffic.jmeter.found import find_jmeter


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_what_is_said_wins_over_the_variable_and_that_over_the_path(tmp_path: Path) -> None:
    said = program(tmp_path / "said" / "jmeter")
    home = program(tmp_path / "home" / "bin" / "jmeter")
    on_path = program(tmp_path / "path" / "jmeter")
    environment = {"PATH": str(on_path.parent), "JMETER_HOME": str(home.parents[1]), "HOME": str(tmp_path)}

    assert find_jmeter(str(said), environment).words == (str(said),)
    assert find_jmeter(str(home.parents[1]), environment).words == (str(home),)
    assert find_jmeter(None, environment).words == (str(home),)
    del environment["JMETER_HOME"]
    assert find_jmeter(None, environment).words == (str(on_path),)


def test_the_extra_is_taken_last_and_found_laid_out_the_next_time(tmp_path: Path) -> None:
    environment = {"PATH": "/nowhere", "HOME": str(tmp_path)}
    found = find_jmeter(None, environment)
    assert found.title == "JMeter: 5.5, from the jmeter extra"
    [home] = (tmp_path / ".cache" / "gocd-tasks").iterdir()
    assert found.words[-2:] == ("-jar", str(home / "bin" / "ApacheJMeter.jar"))
    made = home.stat().st_ino
    assert find_jmeter(None, environment).words == found.words
    assert home.stat().st_ino == made


def test_two_that_lay_it_out_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    jars = bundled_jars()
    assert jars
    homes: list[Path] = []
    racers = [
        threading.Thread(target=lambda: homes.append(laid_out(jars, {"XDG_CACHE_HOME": str(tmp_path)})))
        for _ in range(4)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(homes) == 4
    assert [entry.name for entry in (tmp_path / "gocd-tasks").iterdir()] == [homes[0].name]
    assert (homes[0] / "bin" / "jmeter.properties").is_file()
    assert all(jar.exists() for jar in (homes[0] / "lib").rglob("*.jar"))


@pytest.mark.parametrize(
    ("given", "environment", "message"),
    [
        ("no-such-jmeter", {}, "--jmeter no-such-jmeter is no program on this agent"),
        ("{folder}", {}, "holds no JMeter: there is neither bin/jmeter nor bin/ApacheJMeter.jar"),
        (None, {"JMETER_HOME": "/nowhere"}, "JMETER_HOME=/nowhere holds no JMeter"),
    ],
)
def test_a_jmeter_that_is_not_where_it_is_said_to_be_is_refused(
    tmp_path: Path, given: str | None, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(Refused) as problem:
        find_jmeter(given and given.format(folder=tmp_path), {"PATH": "/nowhere", **environment})
    assert message in problem.value.what


@pytest.mark.parametrize(
    ("told", "release"),
    [('IMPLEMENTOR="x"\nJAVA_VERSION="25.0.2"\n', 25), ('JAVA_VERSION="17"\n', 17), ("", 0), (None, 0)],
)
def test_the_release_of_a_java_is_read_where_it_tells_it(
    tmp_path: Path, told: str | None, release: int
) -> None:
    if told is not None:
        (tmp_path / "release").write_text(told)

    assert release_of(tmp_path / "bin" / "java") == release


def test_on_windows_the_jar_is_run_and_not_the_script_of_another_system(tmp_path: Path) -> None:
    home = tmp_path / "home"
    script, java = program(home / "bin" / "jmeter"), program(tmp_path / "java" / "bin" / "java")
    jar = home / "bin" / "ApacheJMeter.jar"
    jar.touch()
    extra = {"JAVA_HOME": str(java.parents[1])}

    in_home = find_jmeter(None, {"JMETER_HOME": str(home), **extra}, windows=True)
    on_path = find_jmeter(None, {"PATH": str(home / "bin"), **extra}, windows=True)
    of_its_own = program(tmp_path / "own" / "jmeter")

    assert in_home.words[-2:] == on_path.words[-2:] == ("-jar", str(jar))
    assert str(script) not in (*in_home.words, *on_path.words)
    assert find_jmeter(str(of_its_own), extra, windows=True).words == (str(of_its_own),)


def test_where_links_are_a_privilege_the_extra_is_copied(tmp_path: Path) -> None:
    jars = tmp_path / "jars"
    jars.mkdir()
    for name in ("ApacheJMeter-5.5.jar", "ApacheJMeter_http-5.5.jar", "commons.jar"):
        (jars / name).write_text(name)
    with zipfile.ZipFile(jars / "ApacheJMeter_config-5.5.jar", "w") as config:
        config.writestr("bin/jmeter.properties", "")

    home = laid_out(jars, {"XDG_CACHE_HOME": str(tmp_path)}, links=False)

    laid = {str(jar.relative_to(home)): jar for jar in home.rglob("*.jar")}
    assert {"bin/ApacheJMeter.jar", "lib/ext/ApacheJMeter_http-5.5.jar", "lib/commons.jar"} < set(laid)
    assert laid["lib/commons.jar"].read_text() == "commons.jar"
    assert not any(jar.is_symlink() for jar in laid.values())
