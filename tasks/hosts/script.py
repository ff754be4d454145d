"""The script that a host runs: lines that set values, which are never code, and then the steps."""

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files

# Without it every value would be empty, the install folder too.
NEEDS_BASE64 = (
    "command -v base64 >/dev/null 2>&1 || "
    "{ echo 'MARKthis instance has no base64; MARKnothing was changed' >&2; exit 1; }"
)


def shell_script(steps: Sequence[str], values: Mapping[str, str]) -> str:
    """Return the named ``.sh`` files as one script that sees *values* as variables."""
    needs = NEEDS_BASE64.replace("MARK", values.get("mark", ""))
    return "\n".join([needs, assignments(values), *(_text(f"{name}.sh") for name in steps)])


def powershell_script(steps: Sequence[str], values: Mapping[str, str]) -> str:
    """Return the named ``.ps1`` files as one script that sees *values* as variables."""
    return "\n".join([powershell_assignments(values), *(_text(f"{name}.ps1") for name in steps)])


def assignments(values: Mapping[str, str]) -> str:
    """Return shell lines that set each name to its value, whatever characters the value has.

    Base64, so that neither the shell nor SSM (which fills in ``{{ssm:...}}``) can read a value as
    anything but itself. The dot at the end keeps the newlines that ``$(...)`` would strip.
    """
    return "\n".join(
        f'{name}="$(printf %s {_base64(f"{value}.")} | base64 -d)"; {name}="${{{name}%.}}"'
        for name, value in values.items()
    )


def powershell_assignments(values: Mapping[str, str]) -> str:
    """Return PowerShell lines that set each name to its value, in the same way."""
    decode = "[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}'))"
    return "\n".join(f"${name} = {decode.format(_base64(value))}" for name, value in values.items())


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _text(name: str) -> str:
    return files("tasks.hosts").joinpath(name).read_text(encoding="utf-8")
