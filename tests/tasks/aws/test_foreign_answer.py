"""Pages in place of AWS's answers."""

import pytest

from tasks.aws.foreign_answer import NotOfAws, expect_aws
from tests.fuzz.bounds import read


@pytest.mark.parametrize(
    "page", [b"<html><title>Blocked</title>", b"<!DOCTYPE html><html>" + b"<title>" * 50_000]
)
def test_a_page_is_no_answer_of_awss_whatever_is_in_it(page: bytes) -> None:
    answer = {"headers": {}, "status_code": 200, "body": page}

    assert read(lambda: passed(answer), NotOfAws) is None


def passed(answer: dict[str, object]) -> bool:
    expect_aws(answer)
    return True
