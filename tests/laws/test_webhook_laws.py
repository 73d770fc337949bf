"""Laws of calls: whatever the other side answers and wherever a process dies, the flow hears of one end, once."""

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nurture.config import Config
from nurture.decide.advance import advance
from nurture.engine.applying import LiveBook
from nurture.engine.hand_over import directly
from nurture.engine.tick import zone_of
from nurture.engine.webhooks import Calling
from nurture.engine.workshop import Workshop
from nurture.model.decision import Decision, WebhookIntent
from nurture.model.event import WEBHOOK_ANSWERED
from nurture.model.person import Enrolment
from nurture.model.rules import Endpoint
from nurture.store.desk import desk
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow
from tests import worlds as w
from tests.postgres_server import Server
from tests.sending_worlds import NOW, RULES, Clock, Scripted, refuse
from tests.sockets import listening, read_http, reset

KEY, RETRY = "a1" * 32, 3
BOOK = w.book(rules=replace(RULES, endpoints=(Endpoint("erp", "URL", private=True),)))
GOOD = (200, 201, 204)
AGAIN = (408, 429, 500, 502, 503)
NO = (301, 307, 400, 401, 404, 409, 410, 422)

# What happens next: a status, a cut of the connection, a process that dies before or after the call, or time passing.
MOVES = st.lists(
    st.one_of(
        st.sampled_from(GOOD + AGAIN * 3 + NO),
        st.sampled_from(["cut", "die before", "die after"]),
        st.integers(1, 50).map(lambda minutes: f"wait {minutes}"),
    ),
    max_size=14,
)


@dataclass
class Erp:
    """The other side: says what it is told to say next."""

    says: int | str = 200
    got: list[bytes] = field(default_factory=list)

    def __call__(self, connection: socket.socket) -> None:
        self.got.append(read_http(connection))
        if self.says == "cut":
            reset(connection)
        else:
            connection.sendall(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % self.says)  # type: ignore[str-bytes-safe]


@contextmanager
def waiting(server: Server | None) -> Iterator[tuple[Store, str, Path]]:
    """A store, of the server if there is one, in which Salma's enrolment waits for one call."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = f"sqlite:///{folder}/nurture.db" if server is None else stack.enter_context(server.new_store())
        store = open_store(url)
        store.importing(NOW).take([ContactRow(outside_id="salma", address="salma@shop.example")], refuse)
        person = store.find("salma") or ""
        ((known, arrived),) = store.people([person], NOW)
        after = advance(BOOK, known, NOW, arrived).person
        enrolment = Enrolment("vip", "1", 1, 0, NOW, NOW.date(), step="flag", done_at=NOW, waits_for=KEY)
        intent = WebhookIntent(KEY, person, "vip", 0, "1", "flag", "erp", {"a": 1}, RETRY, 5, NOW)
        decision = Decision(replace(after, enrolments=(enrolment,)), webhooks=(intent,))
        store.commit([decision], NOW, zone_of(BOOK), BOOK)
        yield store, person, Path(folder)
        store.close()


@given(moves=MOVES)
@example(moves=[500, "wait 400"] * (RETRY + 2))  # as often as it is asked for, and never once more
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_end_one_key_and_no_more_tries_than_allowed(moves: list[int | str]) -> None:
    one_end(None, moves)


@given(moves=MOVES)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_one_end_over_postgresql_too(postgres: Server, moves: list[int | str]) -> None:
    one_end(postgres, moves)


def one_end(server: Server | None, moves: list[int | str]) -> None:
    """Whatever answers and dies, in this order: one call is one key, and ends once."""
    with waiting(server) as (store, person, folder):
        clock, erp, doors, deaths = Clock(), Erp(), desk(store).webhooks, 0
        with listening(erp) as port:
            shop = Workshop(
                folder, Config("", folder, folder), store, Scripted(), "us", None, lambda _: f"http://127.0.0.1:{port}/"
            )
            calling = Calling(shop, lambda: LiveBook(BOOK, {}), clock, directly)
            for move in [*moves, *["wait 400", 200] * (RETRY + 2)]:
                match move:
                    case str() if move.startswith("wait"):
                        clock.now += timedelta(minutes=int(move.split()[1]))
                    case "die before":
                        deaths += len(doors.claim(8, clock.now))
                    case "die after":
                        erp.says = 200
                        deaths += die_after_the_call(calling)
                    case _:
                        erp.says = move
                        asyncio.run(calling.round())
        events = store.histories([person])[person]
        answers = [event for event in events if event.name == WEBHOOK_ANSWERED]
        one = doors.one(KEY)
        assert one is not None
        assert len(answers) == 1
        assert one.state == ("ok" if answers[0].fields["ok"] else "failed")
        assert len(erp.got) <= RETRY + 1 + deaths
        assert one.tries <= RETRY + 1
        assert all(f"Idempotency-Key: {KEY}".encode() in request for request in erp.got)
        assert doors.claim(8, clock.now + timedelta(days=30)) == []


def die_after_the_call(calling: Calling) -> int:
    """The call is made, and the process is gone before it keeps the answer; how many calls that were."""

    class Dead(Calling):
        async def _kept(self, *_: object) -> None:
            nonlocal died
            died += 1

    died = 0
    asyncio.run(Dead(calling.shop, calling.live, calling.clock, directly).round())
    return died
