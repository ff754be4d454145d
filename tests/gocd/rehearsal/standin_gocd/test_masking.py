from gocd.rehearsal.standin_gocd.masking import Masking


def test_every_occurrence_of_a_secret_becomes_six_stars() -> None:
    assert Masking(["s3cret"])("a s3cret and xs3crety") == "a ****** and x******y"


def test_an_empty_secret_hides_nothing() -> None:
    assert Masking(["", "x"])("axb") == "a******b"


def test_the_longest_secret_goes_first() -> None:
    assert Masking(["pass", "password"])("password pass") == "****** ******"


def test_a_secret_of_several_lines_is_not_hidden_as_on_a_real_agent() -> None:
    masking = Masking(["BEGIN\nkey\nEND"])

    assert [masking(line) for line in ("BEGIN", "key", "END")] == ["BEGIN", "key", "END"]


def test_a_changed_secret_is_not_hidden_as_on_a_real_agent() -> None:
    assert Masking(["s3cret"])("czNjcmV0 S3CRET") == "czNjcmV0 S3CRET"
