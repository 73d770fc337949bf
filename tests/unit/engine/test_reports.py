"""A bounce by mail is believed of a mail that we sent to that address; an SMTP server's word of the mail it refuses."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.reports import take_report
from nurture.model.happening import Bounce
from nurture.model.mail import Fate, Handover
from nurture.store.received import Received
from tests.sending_worlds import NOW, Scripted, Shop, open_shop, planned
from tests.unit.deliver.test_delivery_status import report


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, Scripted(name="smtp"))
    opened.store.declare("suppressions", "nobody", NOW)
    planned(opened.store, news=2)
    yield opened
    opened.store.close()


def key_of(shop: Shop, address: str) -> str:
    with shop.store.database.reading() as connection:
        return connection.exec_driver_sql("SELECT key FROM message WHERE address = ?", (address,)).scalar_one()


def states(shop: Shop) -> list[str]:
    with shop.store.database.reading() as connection:
        asked = "SELECT fields FROM event WHERE name = 'address.state'"
        return [row[0] for row in connection.exec_driver_sql(asked)]


def post(body: bytes) -> Received:
    return Received("mail", body, {}, 1, at=NOW)


def test_a_bounce_of_our_mail_to_that_address_ends_the_address_once(shop: Shop) -> None:
    asyncio.run(shop.sending().round())
    key = key_of(shop, "n0@shop.example")
    raw = post(report(message=f"<{key}@kestrel.example>", recipient="rfc822; N0@shop.example"))
    for minutes in (1, 2):
        assert take_report(shop.workshop, raw, NOW + timedelta(minutes=minutes)) == 1
    assert sorted(shop.fates(), key=str) == [Fate.accepted, Fate.bounced]
    assert shop.store.fates([key]) == {key: Fate.bounced}
    assert len(states(shop)) == 1
    assert "hard" in states(shop)[0]


def test_a_forged_one_of_another_address_or_of_no_mail_of_ours_changes_nothing(shop: Shop) -> None:
    asyncio.run(shop.sending().round())
    key = key_of(shop, "n0@shop.example")
    other = report(message=f"<{key}@kestrel.example>", recipient="rfc822; n1@shop.example")
    for body in (other, report(recipient="rfc822; n1@shop.example")):
        assert take_report(shop.workshop, post(body), NOW) == 0
    assert shop.fates() == [Fate.accepted, Fate.accepted]
    assert states(shop) == []


def test_an_smtp_server_that_knows_no_such_mailbox_ends_the_address_and_one_that_refuses_us_does_not(
    shop: Shop,
) -> None:
    gone, ours = "550 5.1.1 no such user", "554 5.7.1 looks like spam"

    def script(_mail: object, nth: int) -> Handover:
        words, bounce = ((gone, Bounce.hard), (ours, Bounce.refused_us))[nth]
        return Handover("", Fate.refused, words, bounce=bounce)

    shop.provider.script = script
    asyncio.run(shop.sending().round())
    assert sorted(fate.value for fate in shop.fates()) == ["bounced", "refused"]
    assert len(states(shop)) == 1
    with shop.store.database.reading() as connection:
        days = connection.exec_driver_sql("SELECT what, count FROM mail_day ORDER BY what").all()
    assert [tuple(row) for row in days] == [("blocked", 1), ("bounced", 1)]
