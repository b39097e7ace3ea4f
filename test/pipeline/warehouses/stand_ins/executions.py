"""What the stand-ins share: a JSON server on the loopback interface, executions that outlive their request, the lake."""

import json
import os
import tempfile
import threading
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Execution:
    """Statements under way: they run in a thread of their own, as they do in the service."""

    def __init__(self, work):
        self.id = str(uuid.uuid4())
        self.error = None
        self.results = None
        self.ended = threading.Event()
        threading.Thread(target=self._run, args=(work,), daemon=True).start()

    def _run(self, work):
        try:
            self.results = work()
        except Exception as error:  # Whatever went wrong is the statement's failure, as in the service.
            self.error = str(error).strip()
        self.ended.set()


class Executions:
    """The same token gives the same execution."""

    def __init__(self):
        self.by_id = {}
        self.by_token = {}
        self.lock = threading.Lock()

    def submit(self, token, parameters, work):
        with self.lock:
            known = self.by_token.get(token)
            if known:
                if known[1] != parameters:
                    raise ValueError("the token was used with other parameters")
                return known[0]
            execution = Execution(work)
            self.by_id[execution.id] = execution
            self.by_token[token] = (execution, parameters)
            return execution


class Lake:
    """Objects of the test's lake, by the URL that the test process serves them under."""

    def __init__(self, url):
        self.url = url

    def read(self, s3_url):
        try:
            with urllib.request.urlopen(self.url + "/" + s3_url.removeprefix("s3://")) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise FileNotFoundError(f"The specified key does not exist: {s3_url}") from error

    def download(self, s3_url, folder):
        path = os.path.join(folder, f"{uuid.uuid4()}.parquet")
        with open(path, "wb") as file:
            file.write(self.read(s3_url))
        return path


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="headrace-stand-in-")


def serve(answer):
    """Prints its port, then answers until standard input ends. `answer(request, path, body)` gives (status, body)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            try:
                status, result = answer(self, self.path, body)
            except Exception as error:  # A stand-in that fails must not hang its client.
                status, result = 400, {"__type": "ValidationException", "message": str(error), "Message": str(error)}
            text = json.dumps(result).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = handle_any

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        while os.read(0, 1024):
            pass
    finally:
        server.shutdown()
