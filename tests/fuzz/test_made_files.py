"""Files that were made from a template and changed by hand; and values of any characters, in such a file."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from gocd.errors import GoCDError
from gocd.templates.again import make
from gocd.templates.record import recorded
from gocd.templates.text import parameters_of, text_of
from gocd.templates.values import Values
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import TEXTS, spoilt_bytes

MADE = Values(
    "staging",
    instances=("A", "B", "C"),
    load_balancers=("web", "api"),
    via="command",
    command=("./deploy.sh", "{name}"),
    format_version=9,
    parameters={"region": "eu-west-2"},
)
TEXT = text_of(MADE)
words = st.one_of(st.text(max_size=40), st.sampled_from(TEXTS), st.from_regex(r"\A[-0-9a-z:., #{}]{1,12}\Z"))


@given(spoilt_bytes(TEXT.encode()), st.booleans())
def test_a_file_that_was_changed_by_hand_is_made_again_or_refused(content: bytes, anew: bool) -> None:
    text = content.decode(errors="replace")
    made = read(lambda: make(Values("staging", instances=("A", "B")), text, anew=anew), GoCDError)

    if made:
        assert made.values.instances == ("A", "B")
        assert made.text


@given(words, st.lists(words, min_size=1, max_size=4), words, words)
def test_values_are_in_the_file_as_they_were_given_or_refused(
    name: str, machines: list[str], value: str, word: str
) -> None:
    def values() -> Values:
        return Values(
            "staging",
            name=name,
            instances=tuple(machines),
            via="command",
            command=(word,),
            parameters={"status_url": value},
        )

    text = read(lambda: text_of(values()), GoCDError)
    if text is None:
        return
    given = parameters_of(values())
    [(called, pipeline)] = yaml.safe_load(text)["pipelines"].items()
    assert called == (name or "staging")
    assert pipeline["parameters"] == given
    assert (given["status_url"], list(given.values())[: len(machines)]) == (value, machines)
    assert len({stage.lower() for each in pipeline["stages"] for stage in each}) == len(machines) + 3
    # A name with a comma cannot be told from two.
    if not any("," in machine for machine in machines):
        assert recorded(text) == values()
