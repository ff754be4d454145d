import pytest

from gocd.rehearsal.load.answer import Answer, BadAnswer

PLAIN = b"HTTP/1.1 200 OK\r\nX-Version: 2.0\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


@pytest.mark.parametrize("data", [PLAIN, CHUNKED])
def test_an_answer_is_complete_with_its_last_byte_and_not_before(data: bytes) -> None:
    answer = Answer()
    assert [answer.feed(data[i : i + 1]) for i in range(len(data))] == [False] * (len(data) - 1) + [True]
    assert (answer.status, answer.reason, answer.size) == (200, "OK", len(data))


def test_the_service_names_its_version_in_a_header() -> None:
    answer = Answer()
    assert answer.feed(PLAIN)
    assert answer.version == "2.0"


def test_trailers_belong_to_a_chunked_answer() -> None:
    answer = Answer()
    assert not answer.feed(CHUNKED[:-2] + b"Sum: 1\r\n")
    assert answer.feed(b"\r\n")


def test_an_announcement_is_not_the_answer() -> None:
    answer = Answer()
    assert answer.feed(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN)
    assert answer.status == 200


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    answer = Answer()
    assert not answer.feed(b"HTTP/1.1 200 OK\r\n\r\nhello")
    assert answer.end()


@pytest.mark.parametrize("data", [PLAIN, CHUNKED])
def test_an_answer_cut_off_is_not_complete(data: bytes) -> None:
    answer = Answer()
    assert not answer.feed(data[:-1])
    assert not answer.end()


def test_no_content_has_no_body() -> None:
    assert Answer().feed(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize(
    ("head", "keeps_open"),
    [
        (b"HTTP/1.1 204 x\r\n\r\n", True),
        (b"HTTP/1.1 204 x\r\nConnection: Close\r\n\r\n", False),
        (b"HTTP/1.0 204 x\r\n\r\n", False),
        (b"HTTP/1.0 204 x\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_the_answer_says_whether_its_connection_stays(head: bytes, keeps_open: bool) -> None:
    answer = Answer()
    answer.feed(head)
    assert answer.keeps_open is keeps_open


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
        b"x" * 70_000,
    ],
)
def test_anything_else_is_a_bad_answer(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        Answer().feed(data)
