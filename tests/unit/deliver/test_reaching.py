"""Our own web part, asked through the address that mails carry."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from nurture.deliver.reaching import why_unreachable


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A web server that answers everything alike; its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/health"
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def test_our_own_answer_is_fine() -> None:
    with answering(200, b"ok\n") as url:
        assert why_unreachable(url) == ""
        assert why_unreachable(f"{url}/") == ""


def test_somebody_elses_answer_is_told() -> None:
    with answering(404, b"not here") as url:
        assert why_unreachable(url) == "something else answers there: 404 Not Found"
    with answering(200, b"<html>a parked domain</html>") as url:
        assert why_unreachable(url) == "something else answers there: 200 OK"


def test_nobody_there_is_told() -> None:
    with answering(200, b"ok") as url:
        pass
    assert "ConnectionRefusedError" in why_unreachable(url)
