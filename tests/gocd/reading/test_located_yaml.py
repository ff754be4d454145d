import os
from itertools import pairwise
from pathlib import Path

import pytest

from gocd.errors import GoCDError, PipelineError
from gocd.reading.located_yaml import Items, Mapping, Node, Text, parse_located_yaml, read_located_yaml

FILE = Path("x.gocd.yaml")


def parsed(text: str) -> Mapping:
    document = parse_located_yaml(text, FILE)
    assert isinstance(document, Mapping)
    return document


def plain(node: Node) -> object:
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {name: plain(entry.value) for name, entry in node.entries.items()}


def test_every_scalar_is_text_as_it_is_written() -> None:
    assert plain(parsed("a: 1.10\nb: no\nc: 0x1f\nd: 2024-01-01\ne:\n")) == {
        "a": "1.10",
        "b": "no",
        "c": "0x1f",
        "d": "2024-01-01",
        "e": "",
    }


def test_keys_values_and_items_know_their_lines() -> None:
    document = parsed("a:\n  - one\n  - two\nb: x\n")

    entry = document.entries["a"]
    assert isinstance(entry.value, Items)
    assert [entry.key.line, *(item.line for item in entry.value.items)] == [1, 2, 3]
    assert document.entries["b"].key.line == 4


def test_a_repeated_key_is_an_error_on_its_own_line() -> None:
    with pytest.raises(PipelineError, match=r"^x.gocd.yaml:3: duplicate key .a.; it is on line 1 already$"):
        parsed("a: 1\nb: 2\na: 3\n")


def test_an_override_before_a_merge_wins() -> None:
    text = "base: &base {a: 1, b: 2}\nuse:\n  b: 3\n  <<: *base\n"

    assert plain(parsed(text).entries["use"].value) == {"b": "3", "a": "1"}


def test_an_override_after_a_merge_is_a_duplicate_key() -> None:
    with pytest.raises(
        PipelineError, match=r"x.gocd.yaml:4: duplicate key 'b'; an override must come before '<<'"
    ):
        parsed("base: &base {a: 1, b: 2}\nuse:\n  <<: *base\n  b: 3\n")


@pytest.mark.parametrize("merges", ["<<: [*x, *y]", "<<: *x\n  <<: *y"])
def test_several_merges_add_up_and_the_first_wins(merges: str) -> None:
    document = parsed(f"x: &x {{a: 1}}\ny: &y {{a: 2, b: 2}}\nuse:\n  {merges}\n")

    assert plain(document.entries["use"].value) == {"a": "1", "b": "2"}


def test_a_merged_key_keeps_the_line_it_was_written_on() -> None:
    document = parsed("base: &base\n  a: 1\nuse:\n  <<: *base\n")

    use = document.entries["use"].value
    assert isinstance(use, Mapping)
    assert use.entries["a"].key.line == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n\tb: 1\n", "x.gocd.yaml:2: a tab"),
        ("a: 1\n---\nb: 2\n", "x.gocd.yaml:3: a second document"),
        ("a: [1\n", "x.gocd.yaml:1: a '.' that is not closed on its line"),
        ("a: *nowhere\n", "there is no '&nowhere' above it"),
        ("a: &a [*a]\n", "x.gocd.yaml:1: an anchor that contains itself"),
        ("use:\n  <<: word\n", "x.gocd.yaml:2: '<<' merges a mapping"),
        ("? [a, b]\n: 1\n", "a key must be a plain word"),
        ("a: 1\nb: \0\n", "x.gocd.yaml:2: a character that YAML does not allow: 0x0"),
        ("# nothing\n", "the file is empty"),
    ],
)
def test_what_gocd_cannot_read_is_an_error_with_its_line(text: str, said: str) -> None:
    with pytest.raises(PipelineError, match=said):
        parse_located_yaml(text, FILE)


def test_aliases_of_aliases_are_read_once_each() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 12)]
    lists = [entry.value for entry in parsed("\n".join(lines)).entries.values()]

    assert len(lists) == 12
    for before, each in pairwise(lists):
        assert isinstance(each, Items)
        assert each.items[0] is each.items[1] is before


def test_a_missing_file_and_a_binary_one_are_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(GoCDError, match="cannot be read: No such file"):
        read_located_yaml(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GoCDError, match="not UTF-8 text"):
        read_located_yaml(tmp_path / "binary.yaml")


def bomb(list_of: str) -> str:
    """Nine lists, each of nine times the one before: a hundred lines, and some hundred million values."""
    lines = [f"l0: &l0 {list_of}"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


@pytest.mark.parametrize("list_of", ["[x]", "{x: y}", "[{exec: {command: a}}]"])
def test_aliases_that_swell_are_refused_where_they_are(list_of: str) -> None:
    with pytest.raises(PipelineError, match=r"^x.gocd.yaml:\d: more than 100,000 values, aliases w"):
        parsed(bomb(list_of))


def test_merges_that_swell_are_refused() -> None:
    keys = ", ".join(f"k{n}: v" for n in range(1000))
    text = f"a: &a {{{keys}}}\nb:\n  <<: [{', '.join(['*a'] * 1000)}]\n"

    with pytest.raises(PipelineError, match="more than 100,000 values"):
        parsed(text)


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "? " * 5000])
def test_what_is_nested_without_end_is_refused_in_words(text: str) -> None:
    with pytest.raises(PipelineError, match="nested too deeply to be read"):
        parsed(text)


def test_what_is_no_file_or_too_long_is_refused_without_reading_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_text("a" * (512 * 1024 + 1))
    for name, why in (("pipe", "it is a named pipe and no file"), ("long", "it has more than 524,288 bytes")):
        with pytest.raises(GoCDError, match=f"{name} cannot be read: {why}"):
            read_located_yaml(tmp_path / name)
    with pytest.raises(GoCDError, match="it is a device and no file"):
        read_located_yaml(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {git: https://example.com}\n", "x.gocd.yaml:1: a colon within 'https://example.com'.*quotes"),
        ("a: [b:c]\n", "a colon within 'b:c'"),
        ("a: {b: ?c}\n", "x.gocd.yaml:1: "),
        ("%YAML 1.2\n---\na: 1\n", "x.gocd.yaml:1: YAML 1.2, of which GoCD reads 1.1 only"),
        ("a: @b\n", "cannot begin with .@."),
        ("a: &x\nb: c\n", "x.gocd.yaml:1: '&x' with no value after it"),
        ("a:\n  - &x\n  - b\n", "x.gocd.yaml:2: '&x' with no value"),
        ("a: !!str\nb: c\n", "x.gocd.yaml:1: '!!str' with no value"),
        ('a: "\\/"\n', "in double quotes begins an escape"),
        ("a: {b}\n", "begins with '{' is a mapping, and this one has no colon; write '{b}'"),
        ("a: {b, c: d}\n", "a word in braces without a colon"),
        ("a: [{b}]\n", "a word in braces without a colon"),
        ("a: [b, ]\n", "a comma before the ']'"),
        ("a: {b:, c: d}\n", "a colon within"),
    ],
)
def test_what_newer_yaml_allows_and_gocds_does_not_is_refused(text: str, said: str) -> None:
    with pytest.raises(PipelineError, match=said):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: `b`", "`b`"),
        ("a: b\x7fc", "b\x7fc"),
        ('a: {b: "c:d"}', {"b": "c:d"}),
        ("a: {b: c}", {"b": "c"}),
        ("a: {b: c, }", {"b": "c"}),
        ("a: {b: , c: d}", {"b": "", "c": "d"}),
        ("a: b\t# c", "b"),
        ("a: b\tc\t\n", "b\tc"),
        ("a: {<<: , b: c}", {"b": "c"}),
        ("a: &x ''\n", ""),
    ],
)
def test_what_gocds_yaml_allows_is_read(text: str, value: object) -> None:
    assert plain(parsed(text)) == {"a": value}


def test_an_anchor_that_is_defined_again_stands_for_the_last(tmp_path: Path) -> None:
    assert plain(parsed("a: &x 1\nb: &x 2\nc: *x\n")) == {"a": "1", "b": "2", "c": "2"}


def test_a_byte_order_mark_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    with pytest.raises(PipelineError, match=r"bom.yaml:1: a byte-order mark .*save it as UTF-8 without one"):
        read_located_yaml(tmp_path / "bom.yaml")
