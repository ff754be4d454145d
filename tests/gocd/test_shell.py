"""What a script of bash calls is known without running it."""

import pytest

from gocd.errors import GoCDError
from gocd.shell import Word, commands


def texts(script: str) -> list[list[str]]:
    return [[word.text for word in command] for command in commands(script)]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a b", [["a", "b"]]),
        ("a b\nc d\n", [["a", "b"], ["c", "d"]]),
        ("a; b && c || d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("if ! a; then b; fi", [["if", "!", "a"], ["then", "b"], ["fi"]]),
        ("(a; b)", [["a"], ["b"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ('a "b \'c\' \\"d\\""', [["a", "b 'c' \"d\""]]),
        ("a'b'\"c\"", [["abc"]]),
        ("a # b\nc", [["a"], ["c"]]),
        ("# it's\na", [["a"]]),
        ("a b#c", [["a", "b#c"]]),
        ("a 2>&1 b >out 2>>err c", [["a", "b", "c"]]),
        ("a &>all b", [["a", "b"]]),
        ("a 2 > x", [["a", "2"]]),
        ("a <<EOF\nit's\nEOF\nb", [["a"], ["b"]]),
        ("a <<-'EOF' c\nx\n\tEOF\nb", [["a", "c"], ["b"]]),
        ("x=$(a b) c", [["a", "b"], ["x=$(a b)", "c"]]),
        ('a "$(b "c d")"', [["b", "c d"], ["a", '$(b "c d")']]),
        ("a `b c`", [["b", "c"], ["a", "`b c`"]]),
        ("a '$(b)'", [["a", "$(b)"]]),
        ("", []),
        ("a ''", [["a", ""]]),
    ],
)
def test_a_script_is_its_commands(script: str, found: list[list[str]]) -> None:
    assert texts(script) == found


@pytest.mark.parametrize("word", ["$x", '"$x"', "a${x}b", "*.zip", "{a,b}", "$(b)", "`b`", "x?"])
def test_what_only_a_run_can_tell_is_not_known(word: str) -> None:
    assert [each.is_known for each in commands(f"a {word}")[-1]] == [True, False]


@pytest.mark.parametrize("word", ["'$x'", "{private_ip}", "\\$x", "'*'", '"\\$x"', "a=b", "http://{x}:8080/"])
def test_what_is_quoted_is_known(word: str) -> None:
    assert all(each.is_known for each in commands(f"a {word}")[-1])


def test_a_word_is_on_its_line() -> None:
    assert commands("a\n\n  b \\\n c")[-1] == (Word("b", 2), Word("c", 3))


@pytest.mark.parametrize(
    "script", ["$(a)" * 3000, "a " * 9000, "{,".ljust(20_000, "{"), "[" * 20_000, "`a` " * 3000]
)
def test_a_long_script_is_read_at_once_and_so_is_one_that_never_ends(script: str) -> None:
    assert commands(script)
    with pytest.raises(GoCDError, match="never closed"):
        commands(f'"{script}')


@pytest.mark.parametrize("script", ["a 'b", 'a "b', "a `b"])
def test_a_quote_that_is_never_closed_is_told(script: str) -> None:
    with pytest.raises(GoCDError, match="never closed"):
        commands(script)
