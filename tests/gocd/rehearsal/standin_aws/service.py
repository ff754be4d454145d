"""The service that runs on the instances of these tests."""

from gocd.rehearsal.standin_aws.machines.instances import Service

# GET / answers the address it listens on; /slow takes a second, /slow?9 nine; /_status answers what the file
# `unwell` says.
SERVER = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

unwell = Path(sys.argv[3]) / "unwell"

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else an answer in two parts waits 40 ms for an acknowledgement between them.
    disable_nagle_algorithm = True

    def do_GET(self):
        code = 200
        if self.path.startswith("/slow"):
            time.sleep(float(self.path.partition("?")[2] or 1))
        if self.path == "/_status" and unwell.exists():
            word = unwell.read_text()
            if word == "silent":
                time.sleep(5)
            code = int(word) if word.isdigit() else 200
        body = sys.argv[1].encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 128

Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""

SERVICE = Service(
    exec_start=["{python}", "{install_to}/current/server.py", "{private_ip}", "{port}", "{root}"],
    files={"/opt/app/releases/1/server.py": SERVER},
    links={"/opt/app/current": "releases/1"},
)
