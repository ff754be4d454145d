"""Stands where JMeter would: asks a real service over HTTP, records as JMeter does, and takes its orders.

It knows of gocd-tasks only what JMeter knows: its command line, and a file of properties. A JMeter that
is slow to get going or to end, or does not, is asked for by the property ``jmeter.manner``.

Source: JMeter's JMeter.java, for its words, its orders and what each does
"""

import http.client
import re
import select
import signal
import socket
import sys
import time
from pathlib import Path

COLUMNS = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,failureMessage\n"


def properties(path: str) -> dict[str, str]:
    text = re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), Path(path).read_text())
    return dict(line.split("=", 1) for line in text.splitlines())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def sample(host: str, port: int) -> str:
    begun = time.time()
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        code, message = str(answer.status), answer.reason
    except OSError:
        code, message = "Non HTTP response code: java.net.ConnectException", "Non HTTP response message"
    finally:
        connection.close()
    took = round((time.time() - begun) * 1000)
    return f"{round(begun * 1000)},{took},request,{code},{message},users 1-1,{str(code == '200').lower()},\n"


def main() -> None:
    words = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=False))
    given = properties(words["-q"])
    manner, port = given.get("jmeter.manner", ""), int(given["jmeterengine.nongui.port"])
    if manner == "no-heap":
        sys.exit("Error occurred during initialization of VM")
    if manner == "stuck":
        say("Loading plug-ins")
        signal.pause()
    if manner == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end = time.time() + float(given["duration"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as orders, Path(words["-l"]).open("a") as record:
        orders.bind(("127.0.0.1", port))
        say(f"Waiting for possible Shutdown/StopTestNow/HeapDump/ThreadDump message on port {port}")
        record.write(COLUMNS)
        record.flush()
        if manner == "idle":
            signal.pause()
        if manner == "loads":
            record.write(sample(given["host"], int(given["port"])))
            record.flush()
            select.select([], [], [], 1.2)
        while time.time() < end:
            record.write(sample(given["host"], int(given["port"])))
            record.flush()
            if not select.select([orders], [], [], 1 / float(given.get("rate", "20")))[0]:
                continue
            order = orders.recv(64).decode()
            say(f"Command: {order} received from /127.0.0.1")
            if manner != "deaf" and not (manner == "slow" and order == "Shutdown"):
                break
    say("... end of run")


if __name__ == "__main__":
    main()
