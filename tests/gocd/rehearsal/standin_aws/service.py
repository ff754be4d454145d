"""The service that runs on the instances of these tests."""

from gocd.rehearsal.standin_aws.machines.instances import Service

# GET / answers the address it listens on; /slow takes a second, /slow?9 nine; /_status answers what the file
# `unwell` says.
SERVER = """
import os, socket, sys, threading, time

unwell = os.path.join(sys.argv[3], "unwell")

def answer(path):
    code = 200
    if path.startswith("/slow"):
        time.sleep(float(path.partition("?")[2] or 1))
    if path == "/_status" and os.path.exists(unwell):
        word = open(unwell).read()
        if word == "silent":
            time.sleep(5)
        code = int(word) if word.isdigit() else 200
    body = sys.argv[1]
    return f"HTTP/1.1 {code} So\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n{body}"

def serve(client):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = b""
    try:
        while data := client.recv(65536):
            received += data
            while b"\\r\\n\\r\\n" in received:
                head, _, received = received.partition(b"\\r\\n\\r\\n")
                client.sendall(answer(head.split()[1].decode()).encode())
                if b"connection: close" in head.lower():
                    return
    except OSError:
        pass
    finally:
        client.close()

listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind((sys.argv[1], int(sys.argv[2])))
listening.listen(128)
while True:
    threading.Thread(target=serve, args=listening.accept()[:1], daemon=True).start()
"""

SERVICE = Service(
    exec_start=["{python}", "{install_to}/current/server.py", "{private_ip}", "{port}", "{root}"],
    files={"/opt/app/releases/1/server.py": SERVER},
    links={"/opt/app/current": "releases/1"},
)
