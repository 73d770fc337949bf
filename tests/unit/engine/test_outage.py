"""A provider that takes no mail: who asks for the status or the outbox is told why, and until when."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.by_hand import listing
from nurture.engine.status import status
from nurture.engine.turns import AT_WORK, Presence, Turns
from nurture.model.mail import Email, Fate, Handover
from tests.sending_worlds import NOW, Shop, accepts, open_shop, planned

CLOSED = "no mail goes: the mail server does not take it now (connect); next try 2027-03-02 10:05 UTC"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.store.close()


def closed(mail: Email, _nth: int) -> Handover:
    words = "the mail server does not take it now (connect): refused for lena@shop.example"
    return Handover(mail.key, Fate.planned, words, retry_at=NOW + timedelta(minutes=5))


def test_an_outage_is_said_in_our_words_until_mail_goes_again(shop: Shop) -> None:
    planned(shop.store, news=2)
    shop.provider.script = closed
    sending = shop.sending()
    assert sending.outage == ""
    asyncio.run(sending.round())
    assert sending.outage == CLOSED
    shop.clock.now += timedelta(minutes=5)
    shop.provider.script = accepts
    assert asyncio.run(sending.round()).fates == {Fate.accepted: 2}
    assert sending.outage == ""


def test_what_the_daemon_says_of_an_outage_stands_in_the_status_and_over_what_waits(shop: Shop) -> None:
    planned(shop.store, news=1)
    turns = Turns(shop.workshop, Presence("us", 7, "1", NOW))
    turns.outage = CLOSED
    turns.beat(NOW, None)
    assert any(line.endswith(f"{AT_WORK}; {CLOSED}") for line in status(shop.workshop, NOW).lines())
    words = f"  the daemon (process 7) at 2027-03-02 10:00 UTC: {AT_WORK}; {CLOSED}"
    assert words in listing(shop.workshop, (Fate.planned,), 20).lines()
    assert words not in listing(shop.workshop, (Fate.held,), 20).lines()
    turns.outage = ""
    turns.beat(NOW, None)
    assert not any("no mail goes" in line for line in status(shop.workshop, NOW).lines())
    assert listing(shop.workshop, (Fate.planned,), 20).waits == ()
