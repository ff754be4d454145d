"""What a run is to begin with, as a person gives it, held against what the pipeline has."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from gocd.client.asking import Server
from gocd.client.pipelines import Material, Options, options_of
from tasks.running.errors import Refused
from tasks.running.quoting import listed
from tasks.runs.connect import asking

# Names in one line.
NAMED = 20


def with_options(
    server: Server,
    pipeline: str,
    variables: Sequence[str],
    secrets: Sequence[str],
    revisions: Sequence[str],
    environ: Mapping[str, str],
) -> Options:
    """Return the options for a run; where there are none, nothing is asked.

    Args:
        variables: ``K=V`` each.
        secrets: Names; the values are the environment's.
        revisions: ``MATERIAL=REVISION`` each.

    Raises:
        Refused: The pipeline has none of that name, or the environment no value.
    """
    plain, chosen = _pairs("--variable", variables), _pairs("--revision", revisions)
    if both := sorted(plain.keys() & set(secrets)):
        raise Refused(f"{', '.join(both)} is given twice, as --variable and as --secret-variable")
    if missing := [name for name in secrets if not environ.get(name)]:
        raise Refused(
            f"the environment has no {listed(missing, NAMED)}, which --secret-variable takes from it"
        )
    if not (plain or secrets or chosen):
        return Options()
    with asking(f"pipeline {pipeline}"):
        known, materials = options_of(server, pipeline)
    for name in (*plain, *secrets):
        if name not in known:
            raise Refused(f"{pipeline} has no variable {name}", _meant(name, known, "A run can be given"))
    if open_ := [name for name in plain if known[name]]:
        raise Refused(
            f"{listed(open_, NAMED)} is a secure variable of {pipeline}, and a command line can be seen",
            "Put its value into the environment, and give its name: --secret-variable",
        )
    return Options(
        plain,
        {name: environ[name] for name in secrets},
        {_material(name, materials, pipeline): revision for name, revision in chosen.items()},
    )


def _pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not name or not equals or (option == "--revision" and not value):
            raise Refused(f"{option} takes NAME=VALUE, not {each!r}")
        if name in found:
            raise Refused(f"{option} {name} is given twice")
        found[name] = value
    return found


def _material(name: str, materials: Sequence[Material], pipeline: str) -> str:
    """Return the fingerprint of the material that is meant by its name, folder or fingerprint."""
    found = {
        each.fingerprint
        for each in materials
        if name.lower() in (each.name.lower(), each.folder.lower(), each.fingerprint.lower())
    }
    if len(found) == 1:
        return found.pop()
    names = {each.name: True for each in materials}
    if found:
        prints = listed(sorted(found), NAMED)
        raise Refused(f"{pipeline} has several materials {name}", f"Name it by its fingerprint: {prints}")
    raise Refused(f"{pipeline} has no material {name}", _meant(name, names, "It has"))


def _meant(name: str, known: Mapping[str, bool], has: str) -> str:
    if near := get_close_matches(name.upper(), {each.upper(): each for each in known}, n=1, cutoff=0.7):
        return f"Did you mean {next(each for each in known if each.upper() == near[0])}?"
    return f"{has} {listed(sorted(known), NAMED)}" if known else f"{has} none"
