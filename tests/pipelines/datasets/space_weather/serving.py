"""A web server of one thread that gives prepared answers, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


@dataclass(frozen=True)
class Answer:
    """Status, body, and the length that is claimed for it (the true one without)."""

    status: int
    body: bytes = b""
    claimed: int | None = None


@contextmanager
def serve(*answers: Answer) -> Iterator[str]:
    """Serve these answers in turn; yields the address."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = left.pop(0)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(answer.claimed or len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sw.csv"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
