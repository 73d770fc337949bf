"""The server in SendGrid's shape tells of mails as badly as it may come, and what a forger tells is not signed."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from nurture.deliver.sendgrid_signature import verifier
from nurture.wiring import now
from tests.contract.test_sendgrid_server import GOOD, post
from tests.daemons import until
from tests.sendgrid_events import PATH, SIGNATURE, TIMESTAMP
from tests.sendgrid_server import sendgrid
from tests.sendgrid_teller import Teller, happened

MAILS = 120
REFUSED_AT_FIRST = 3  # posts, to which the project answers 503


class Posts:
    """What a project was posted: (body, signature, timestamp), and how it answered."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str, str]] = []
        self.unanswered = 0
        self.key = ""

    def take(self, path: str, body: bytes, headers: Any) -> int:
        assert path == PATH
        told = (body, headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, ""))
        if not verifier(self.key)(told[1], told[2], body):
            return 403
        if self.unanswered < REFUSED_AT_FIRST:
            self.unanswered += 1
            return 503
        self.taken.append(told)
        return 204


@contextmanager
def project(posts: Posts) -> Iterator[str]:
    """A web part that takes every signed post but the first ones."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(posts.take(self.path, body, self.headers))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def many(first: int, count: int) -> dict[str, Any]:
    """A request of so many mails."""
    people = [
        {"to": [{"email": f"r{number}@shop.example"}], "custom_args": {"nv_send": f"{number:04}key"}}
        for number in range(first, first + count)
    ]
    return {**GOOD, "personalizations": people}


def test_events_come_signed_doubled_disordered_a_day_late_and_again_until_taken_and_forged_ones_are_refused() -> None:
    posts, notes = Posts(), BytesIO()
    with project(posts) as url:
        teller = Teller(url, notes, within=0.4)
        posts.key = teller.webhook.key
        with sendgrid(teller=teller) as server:
            server.fail("close_after", "202_untaken", "")
            for first in range(0, MAILS + 20, 10):
                try:
                    post(server.url, many(first, 10))
                except OSError:
                    assert first == 0  # the request that was read, and cut
            until(lambda: not teller.counts()["untold"] and teller.refusals)
            keys = [line["key"] for line in server.accepted]
    events = [event for body, _, _ in posts.taken for event in json.loads(body)]
    times = Counter(event["sg_event_id"] for event in events)
    wanted = {event["sg_event_id"] for line in server.accepted for event in happened(line)}
    assert times.keys() == wanted
    assert max(times.values()) > 1
    assert 0.4 < len({event["nv_send"] for event in events}) / len(keys) < 0.9
    firsts = [event["timestamp"] for event in events]
    assert firsts != sorted(firsts)
    age = timedelta(seconds=now().timestamp() - min(firsts))
    assert timedelta(hours=23) < age < timedelta(hours=25)
    assert min(float(timestamp) for _, _, timestamp in posts.taken) < now().timestamp() - 80_000
    assert teller.answers[503] == REFUSED_AT_FIRST
    assert set(teller.refusals) <= {0, 403}
    assert teller.refusals[403] >= 6
    told = [json.loads(line) for line in notes.getvalue().splitlines()]
    assert {line["key"] for one in told for line in one.get("untaken", ())} == {f"{n:04}key" for n in range(10, 20)}
    assert {key for one in told for key in one.get("told_of", ())} == {event["nv_send"] for event in events}
