"""Why a request was lost, in words that people use; what JMeter says is the name of a class of Java."""

from __future__ import annotations

# JMeter's own words for a request that no HTTP answer ended.
NO_ANSWER = "Non HTTP response code: "
# Characters of what others named, which may be anything.
LONGEST = 120
# Where the record tells nothing of it.
UNTOLD = "no reason told"

# By the name of what Java threw, whichever package it is from.
_REASONS = {
    **dict.fromkeys(("HttpHostConnectException", "ConnectException", "refused"), "connection refused"),
    **dict.fromkeys(("SocketTimeoutException", "HttpTimeoutException", "ReadTimeoutException"), "timed out"),
    **dict.fromkeys(
        ("ConnectTimeoutException", "HttpConnectTimeoutException", "ConnectionPoolTimeoutException"),
        "no connection in time",
    ),
    "UnknownHostException": "name not found",
    **dict.fromkeys(("NoRouteToHostException", "PortUnreachableException"), "no way to the host"),
    **dict.fromkeys(("SocketException", "reset"), "connection reset"),
    "NoHttpResponseException": "closed without an answer",
    **dict.fromkeys(
        ("ConnectionClosedException", "TruncatedChunkException", "MalformedChunkCodingException"),
        "answer cut off",
    ),
    "EOFException": "answer cut off",
    **dict.fromkeys(("SSLException", "SSLHandshakeException", "SSLProtocolException"), "no TLS connection"),
    "SSLPeerUnverifiedException": "certificate not trusted",
    "BindException": "no free port on the agent",
    **dict.fromkeys(("URISyntaxException", "MalformedURLException"), "no valid address"),
    "CircularRedirectException": "redirected in a circle",
}
# What its message says more: one class stands for several things.
_SAID = (
    ("connection refused", "connection refused"),
    ("connect timed out", "no connection in time"),
    ("connection timed out", "no connection in time"),
    ("network is unreachable", "no way to the host"),
    ("no route to host", "no way to the host"),
    ("too many open files", "too many open files on the agent"),
    ("pkix path", "certificate not trusted"),
    ("certificate", "certificate not trusted"),
)
# Beginnings of what JMeter's assertions say of an answer that they refuse.
# Source: JMeter's messages.properties and ResponseAssertion.java
_REFUSED = (
    ("The operation lasted too long", "slower than the plan allows"),
    ("The result was the wrong size", "not the expected size"),
    ("Test failed: code ", "not the expected status"),
    ("Test failed: headers ", "not the expected headers"),
    ("Test failed: ", "not the expected text"),
    ("Value expected to ", "not the expected text"),
    ("No results for path", "not the expected text"),
)


def reason(code: str, message: str = "", failure: str = "") -> str:
    """Return why a sample was lost; what has no words here is shown as it is, cut short.

    Args:
        code: Its response code, which JMeter makes of an exception where there was no answer.
        message: Its response message.
        failure: What an assertion of the plan said, if that is known.
    """
    if code.startswith(NO_ANSWER):
        return _without_answer(code.removeprefix(NO_ANSWER), message)
    if not code.isdecimal():
        return code[:LONGEST] or UNTOLD
    if not code.startswith("2"):
        return f"answered {code[:LONGEST]}"
    return next(
        (words for begins, words in _REFUSED if failure.startswith(begins)), "not the expected answer"
    )


def _without_answer(thrown: str, message: str) -> str:
    known = _REASONS.get(thrown.rpartition(".")[2])
    if known is None:
        return thrown[:LONGEST] or UNTOLD
    said = message.casefold()
    return next((words for part, words in _SAID if part in said), known)
