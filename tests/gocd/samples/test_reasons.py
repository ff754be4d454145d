"""Why requests were lost, from what JMeter 5.5 and 5.6 record of them."""

import pytest

from gocd.samples.reasons import UNTOLD, reason

THROWN = "Non HTTP response code: "
SAID = "Non HTTP response message: "


@pytest.mark.parametrize(
    ("thrown", "said", "words"),
    [
        (
            "org.apache.http.conn.HttpHostConnectException",
            "Connect to 10.0.0.9:80 [/10.0.0.9] failed: Connection refused (Connection refused)",
            "connection refused",
        ),
        ("java.net.ConnectException", "", "connection refused"),
        (
            "org.apache.http.conn.HttpHostConnectException",
            "Connect to 10.0.0.9:80 [/10.0.0.9] failed: Network is unreachable (connect failed)",
            "no way to the host",
        ),
        ("java.net.NoRouteToHostException", "No route to host (Host unreachable)", "no way to the host"),
        (
            "org.apache.http.conn.ConnectTimeoutException",
            "Connect to 10.0.0.9:80 [/10.0.0.9] failed: connect timed out",
            "no connection in time",
        ),
        ("java.net.ConnectException", "Connection timed out (Connection timed out)", "no connection in time"),
        ("java.net.SocketTimeoutException", "Read timed out", "timed out"),
        ("java.net.UnknownHostException", "stagin.example.com: Name or service not known", "name not found"),
        ("java.net.SocketException", "Connection reset", "connection reset"),
        ("java.net.SocketException", "Too many open files", "too many open files on the agent"),
        (
            "org.apache.http.NoHttpResponseException",
            "10.0.0.9:80 failed to respond",
            "closed without an answer",
        ),
        (
            "org.apache.http.ConnectionClosedException",
            "Premature end of Content-Length delimited message body (expected: 9; received: 4)",
            "answer cut off",
        ),
        (
            "javax.net.ssl.SSLHandshakeException",
            "PKIX path building failed: unable to find valid certification path to requested target",
            "certificate not trusted",
        ),
        ("javax.net.ssl.SSLException", "Unsupported or unrecognized SSL message", "no TLS connection"),
        ("java.net.BindException", "Cannot assign requested address", "no free port on the agent"),
        ("java.net.URISyntaxException", "Illegal character in authority", "no valid address"),
    ],
)
def test_what_java_threw_is_told_in_words(thrown: str, said: str, words: str) -> None:
    assert reason(THROWN + thrown, SAID + said) == words


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("Test failed: text expected to contain /ok/", "not the expected text"),
        ("Test failed: code expected to equal /204/", "not the expected status"),
        (
            "The operation lasted too long: It took 523 milliseconds, but should not have lasted longer.",
            "slower than the plan allows",
        ),
        (
            "The result was the wrong size: It was 2 bytes, but should have been greater than 9 bytes.",
            "not the expected size",
        ),
        ("Value expected to be 'up', but found 'down'", "not the expected text"),
        ("our own words", "not the expected answer"),
        ("", "not the expected answer"),
    ],
)
def test_an_answer_that_an_assertion_refused_is_told_by_what_was_expected(failure: str, words: str) -> None:
    assert reason("200", "OK", failure) == words


@pytest.mark.parametrize("code", ["503", "404", "301"])
def test_an_answer_of_another_kind_is_told_by_its_status(code: str) -> None:
    assert reason(code, "", "Test failed: code expected to equal /200/") == f"answered {code}"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"{THROWN}com.example.Strange", "com.example.Strange"),
        (f"{THROWN}com.example.{'x' * 500}", f"com.example.{'x' * 108}"),
        (f"{THROWN}not sent", "not sent"),
        (THROWN, UNTOLD),
        ("", UNTOLD),
        ("KO", "KO"),
        ("9" * 500, f"answered {'9' * 120}"),
    ],
)
def test_what_nobody_knows_is_shown_as_it_is_and_bounded(code: str, words: str) -> None:
    assert reason(code) == words
