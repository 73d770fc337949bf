"""Mails of a shop in few requests, to a server in SendGrid's shape: each as it was rendered, once or in doubt."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nurture.deliver.sendgrid import SendGrid
from nurture.engine.handed import Handed
from nurture.model.mail import Email, Fate
from nurture.model.switch import Word
from nurture.store.tables import MAIL_DAY
from tests.sendgrid_server import KEY, SendGridServer, sendgrid
from tests.sending_worlds import NOW, Shop, open_shop, planned


class Remembering(SendGrid):
    """A way to SendGrid that remembers what it was given."""

    def __init__(self, *asked: Any, **named: Any) -> None:
        super().__init__(*asked, **named)
        self.given: dict[str, Email] = {}

    def build(self, mails: Sequence[Email]) -> Iterator[Any]:
        self.given |= {mail.key: mail for mail in mails}
        return super().build(mails)


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with sendgrid() as found:
        yield found


@pytest.fixture
def shop(store_url: str, server: SendGridServer) -> Iterator[Shop]:
    with opened_at(store_url, server) as found:
        yield found


@contextmanager
def opened_at(url: str, server: SendGridServer) -> Iterator[Shop]:
    opened = open_shop(url)
    opened.provider = Remembering(server.url, KEY, opened.clock, 5, answer_within=2)  # type: ignore[assignment]
    opened.store.declare("suppressions", "none, says a test", NOW)
    yield opened
    opened.store.close()


def rounds(shop: Shop) -> Handed:
    async def whole() -> Handed:
        try:
            return await shop.sending().round()
        finally:
            await shop.provider.close()

    return asyncio.run(whole())


def all_as_rendered(shop: Shop, server: SendGridServer) -> None:
    """What readers get is what was rendered for them, byte by byte, and nobody gets it twice."""
    given: dict[str, Email] = shop.provider.given  # type: ignore[attr-defined]
    for line in server.accepted:
        mail, body = given[line["key"]], line["body"]
        assert (line["to"], line["subject"]) == (mail.to_address, mail.subject)
        assert [part["value"] for part in body["content"]] == [mail.text, mail.html]
        assert body["headers"] == dict(mail.headers)
    assert max(Counter(line["key"] for line in server.accepted).values(), default=0) <= 1


def test_many_readers_of_a_mail_cost_one_request_and_each_gets_their_own(shop: Shop, server: SendGridServer) -> None:
    planned(shop.store, service=3, news=250)
    assert rounds(shop).fates == {Fate.accepted: 253}
    assert server.requests == 4, "service, and 100 at a time"
    all_as_rendered(shop, server)
    with shop.store.database.reading() as connection:
        rows = sorted(connection.execute(MAIL_DAY.select()))
    day = (NOW.date().toordinal(), "sendgrid", "shop.example")
    assert rows == [(*day, "accepted", 253), (*day, "service", 3)]


@pytest.mark.parametrize("vague", [False, True])
def test_bad_addresses_are_cut_out_and_all_others_go_at_once(shop: Shop, server: SendGridServer, vague: bool) -> None:
    planned(shop.store, news=100)
    server.unwanted, server.vague = {"n3@shop.example", "n77@shop.example"}, vague
    done = rounds(shop)
    assert done.fates == {Fate.accepted: 98, Fate.refused: 2}
    assert server.requests == 2 if not vague else 2 < server.requests < 40
    assert shop.sending().next_at is None
    all_as_rendered(shop, server)
    assert {line["to"] for line in server.accepted}.isdisjoint(server.unwanted)


def test_a_request_too_large_for_the_way_goes_by_halves(shop: Shop, server: SendGridServer) -> None:
    planned(shop.store, news=60)
    server.largest = 20_000
    assert rounds(shop).fates == {Fate.accepted: 60}
    assert server.requests == 3
    all_as_rendered(shop, server)


@pytest.mark.parametrize("fault", ["lost_answer", "close_after", "503", "500_after_accept"])
def test_an_unknown_answer_leaves_the_mails_of_that_request_in_doubt_and_no_others(
    shop: Shop, server: SendGridServer, fault: str
) -> None:
    one_request_is_in_doubt(shop, server, fault)


def test_an_answer_that_does_not_come_leaves_them_in_doubt(tmp_path: Path, server: SendGridServer) -> None:
    with opened_at(f"sqlite:///{tmp_path / 'store.db'}", server) as shop:
        one_request_is_in_doubt(shop, server, "late:4")


def one_request_is_in_doubt(shop: Shop, server: SendGridServer, fault: str) -> None:
    planned(shop.store, news=150)
    server.fail(fault)
    done = rounds(shop)
    assert sorted(done.fates.values()) == [50, 100]
    assert set(done.fates) == {Fate.in_doubt, Fate.accepted}
    assert server.requests == 2, "nothing is posted again for an unknown"
    all_as_rendered(shop, server)
    assert rounds(shop).fates == {}


@pytest.mark.parametrize("fault", ["429_seconds:30", "429_epoch:30", "429_retry_after:30"])
def test_a_pause_is_kept_and_nothing_is_lost_or_doubted(shop: Shop, server: SendGridServer, fault: str) -> None:
    planned(shop.store, news=100)
    server.fail(fault)
    done = rounds(shop)
    assert (done.fates, done.waiting, server.requests) == ({Fate.planned: 100}, 100, 1)
    assert rounds(shop).fates == {Fate.accepted: 100}
    all_as_rendered(shop, server)


@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_key_that_is_not_taken_halts_all(shop: Shop, server: SendGridServer, fault: str) -> None:
    planned(shop.store, service=1, news=100)
    server.fail(*[fault] * 5)
    rounds(shop)
    assert [one.word for one in shop.store.switches()] == [Word.halt]
    assert set(shop.fates()) == {Fate.planned}
    assert server.accepted == []
