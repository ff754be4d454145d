"""What other programs print, in lines of ours."""

from tasks.running.quoting import clipped, lines_of, listed, one_line, show_tail
from tests.fakes import Stage


def test_of_many_lines_the_last_are_shown_and_the_others_counted() -> None:
    stage = Stage()
    show_tail([str(number) for number in range(100)], "web", stage.log)

    assert stage.lines == ["web: | ... 80 lines before these", *(f"web: | {n}" for n in range(80, 100))]


def test_no_control_character_makes_one_line_look_like_another() -> None:
    assert one_line("a\x1b[2Kb\x00c\u2028error: d") == "a [2Kb c error: d"


def test_colours_are_taken_away_and_a_line_drawn_over_is_several() -> None:
    assert lines_of("\x1b[31mred\x1b[0m\r10 %\r20 %\n\n") == ["red", "10 %", "20 %"]


def test_a_long_line_is_cut_and_says_so() -> None:
    assert clipped("x" * 1000, 10) == "xxxxxxx..."
    assert clipped("x" * 10, 10) == "x" * 10


def test_names_are_listed_up_to_a_number_and_the_rest_is_counted() -> None:
    assert listed("abcd", 4) == "a, b, c, d"
    assert listed("abcde", 4) == "a, b, c and 2 more"
