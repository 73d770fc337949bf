"""Doubts and the Email Logs: what the log has went; what it has not, or does not answer, changes nothing."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nurture.deliver.sendgrid_logs import Doubt, query
from nurture.engine.hand_over import directly
from nurture.engine.looking_up import AGAIN, LookingUp
from nurture.model.mail import Email, Fate, Handover
from tests.email_logs import Logs
from tests.sending_worlds import NOW, Scripted, Shop, open_shop, planned

LATER = NOW + timedelta(minutes=6)


def cut(_mail: Email, _nth: int) -> Handover:
    """Every answer is lost."""
    return Handover("", Fate.in_doubt, "cut")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, Scripted(cut, name="sendgrid"))
    opened.store.declare("suppressions", "nobody", NOW)
    planned(opened.store, news=3)
    asyncio.run(opened.sending().round())
    assert opened.fates() == [Fate.in_doubt] * 3
    yield opened
    opened.store.close()


def address_of(shop: Shop, key: str) -> str:
    with shop.store.database.reading() as connection:
        asked = connection.exec_driver_sql("SELECT address FROM message WHERE key = ?", (key,))
        return str(asked.scalar_one())


def looked(shop: Shop, logs: Logs, *moments: Any, wanted: bool = True) -> list[int]:
    """So many were found in each round."""

    async def whole() -> list[int]:
        async with logs.served() as url:
            shop.more = {"sendgrid_logs": wanted, "sendgrid_url": url, "sendgrid_key": "SG.key"}
            looking, found = LookingUp(shop.workshop, directly, shop.clock), []
            for moment in moments:
                shop.clock.now = moment
                found.append(await looking.round() if looking.wanted else -1)
            return found

    return asyncio.run(whole())


def test_what_the_log_has_under_our_key_went_and_nothing_else_is_said_of_others(shop: Shop) -> None:
    first, second, third = shop.send_keys()
    logs = Logs({"id.1": (address_of(shop, first), first), "id.2": (address_of(shop, second), "another")})
    assert looked(shop, logs, LATER) == [1]
    assert shop.store.fates([first, second, third]) == {
        first: Fate.accepted, second: Fate.in_doubt, third: Fate.in_doubt,
    }  # fmt: skip
    with shop.store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM mail_day").scalar_one() == 0, "events count, not looks"


def test_absence_proves_nothing_however_often_it_is_asked(shop: Shop) -> None:
    logs = Logs()
    assert looked(shop, logs, LATER, LATER + AGAIN / 2, LATER + AGAIN) == [0, 0, 0]
    assert len(logs.asked) == 6, "each at most every five minutes"
    assert shop.fates() == [Fate.in_doubt] * 3


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_log_that_does_not_answer_changes_nothing_and_is_left_alone(
    shop: Shop, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    logs = Logs(status=status)
    assert looked(shop, logs, LATER) == [0]
    assert len(logs.asked) == 1
    assert shop.fates() == [Fate.in_doubt] * 3
    assert str(status) in caplog.text
    assert "shop.example" not in caplog.text
    assert "SG.key" not in caplog.text


def test_nobody_is_asked_unless_it_is_wanted_or_before_a_minute_is_over(shop: Shop) -> None:
    logs = Logs()
    assert looked(shop, logs, LATER, wanted=False) == [-1]
    assert looked(shop, logs, NOW + timedelta(seconds=30)) == [0]
    assert logs.asked == []


def test_an_address_cannot_leave_its_quotes() -> None:
    assert query(Doubt("k", 'a" OR to_email = "b@c.example', NOW)) == ""
    assert query(Doubt("k", "a\\@c.example", NOW)) == ""
    assert query(Doubt("k", "o'hara@c.example", NOW)).startswith('to_email = "o\'hara@c.example" AND')
