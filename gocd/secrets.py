"""What is secret in a text, a command line or an environment: known by the names that it stands under."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from gocd.task_variables import PARAMETER, variable

MASK = "***"

# Shorter ones are part of ordinary words; they are hidden only where they stand under their name.
SHORTEST = 6

# Takes the name of a variable that what is secret is in.
BY_NAME = "--secret-variable"

# Anywhere in a name, once what parts its words is left out; and as the last word of one.
_SAYS = re.compile(
    r"passw|passphrase|secret|token|credential|signature|api_?key|access_?key|private_?key", re.I
)
_ENDS = re.compile(r"(?:^|[^a-z])(?:pass|pwd|auth|authorization|jwt|sig)$|^key$", re.I)
# Names of where it is, and of what is none at all.
_ELSEWHERE = re.compile(r"_(?:file|path|uri|url)$|^(?:old)?pwd$", re.I)

# As user:password@ in front of a host; a password may hold what should have been escaped, a port may not.
_LOGIN = re.compile(r"(?<=://)(?:[^\s/?#@:\[]{0,200}:(?!\d{1,5}[/?#])\S{0,1000}|[^\s/?#]{0,1000})@")
# What an option takes is told with VALUE in place of one.
_UNDER_A_NAME = re.compile(r"(?P<name>[\w.\-]{1,100})=(?!VALUE\b)[^\s&'\"`;,)]+")


def says_secret(name: str) -> bool:
    """Whether what stands under *name* is nobody's to read."""
    plain = re.sub(r"[.\-\s]", "_", name)
    return bool(_SAYS.search(plain) or _ENDS.search(plain))


def hidden(text: str, values: Collection[str] = ()) -> str:
    """Return *text* with a mask for each of these *values*, for a login in a URL, and under a secret name."""
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, MASK)
    if "://" in text:
        text = _LOGIN.sub(f"{MASK}@", text)
    return _UNDER_A_NAME.sub(_masked, text) if "=" in text else text


def hidden_words(words: Sequence[str]) -> list[str]:
    """Return the words of a command line with a mask for what is secret, whatever characters are in it."""
    found = set(_in_words(words))

    def masked(word: str) -> str:
        secret = next((each for each in found if word == each or word.endswith(f"={each}")), "")
        return hidden(f"{word.removesuffix(secret)}{MASK}" if secret else word)

    return [masked(word) for word in words]


def secret_values(words: Sequence[str], environment: Mapping[str, str]) -> set[str]:
    """Return what is secret in a command line and in an *environment*, and long enough to be known again."""
    found = set(_in_words(words))
    named = {*_named(words), *environment.get(variable(BY_NAME), "").split()}
    for name, text in environment.items():
        if name == variable(BY_NAME):
            continue
        unseen = says_secret(name) and not _ELSEWHERE.search(name) and len(text) > SHORTEST + 1
        unseen = unseen or name in named
        if unseen or name.startswith(PARAMETER):
            found.add(text)
        # An option that may be given several times has its values in one variable.
        words = text.split()
        found |= set(_in_words(words))
        if name == variable("--secret"):
            found |= {word.partition("=")[2] for word in words}
    return {value for value in found if len(value) >= SHORTEST}


def _in_words(words: Sequence[str]) -> Iterator[str]:
    before = ""
    for word in words:
        given, equals, value = word.partition("=")
        if BY_NAME in (before, given):
            pass
        elif before.startswith("--") and says_secret(before) and not word.startswith("-"):
            yield value if equals else word
        elif equals and value and "://" not in given and says_secret(given):
            # As --secret=NAME=VALUE, whatever the name.
            yield value.partition("=")[2] or value if given.startswith("--") else value
        for login in _LOGIN.findall(word):
            user, _, password = login[:-1].partition(":")
            yield password or user
        before = word


def _named(words: Sequence[str]) -> Iterator[str]:
    """Return the names of variables whose values are secret, whatever they are called."""
    for before, word in zip(["", *words], words, strict=False):
        if before == BY_NAME:
            yield word
        elif word.startswith(f"{BY_NAME}="):
            yield word.partition("=")[2]


def _masked(found: re.Match[str]) -> str:
    name = found["name"]
    return f"{name}={MASK}" if says_secret(name) and name != BY_NAME else found[0]
