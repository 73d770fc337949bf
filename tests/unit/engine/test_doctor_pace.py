"""What doctor, status and a dry run say of the pace: in plain words, with what to do."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.engine.doctor import Finding, State
from nurture.engine.doctor_lists import list_findings
from nurture.engine.doctor_pace import pace_findings
from nurture.engine.road import may_delay
from nurture.engine.status import status
from nurture.engine.syncing import DECLARED
from nurture.model.happening import Happened
from nurture.store.mail_days import count
from nurture.store.tables import HAPPENING
from tests.sending_worlds import NOW, Scripted, Shop, open_shop, planned


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, Scripted(name="sendgrid"))
    opened.more = {"sendgrid_events_key": "MFkw"}
    yield opened
    opened.store.close()


def found(shop: Shop) -> list[Finding]:
    return list(pace_findings(shop.workshop, NOW))


def said(shop: Shop) -> str:
    return "\n".join(line for one in found(shop) for line in one.lines())


def heard(shop: Shop, what: Happened, words: str, number: int = 1, domain: str = "gmail.com") -> None:
    at = int(NOW.timestamp() * 1_000_000)
    rows = [
        {"id": f"{what}{words}{one}", "what": what.value, "at": at, "known_at": at, "provider": "sendgrid"}
        | {"address": f"a{one}@{domain}", "detail": words}
        for one in range(number)
    ]
    with shop.store.database.writing() as connection:
        connection.execute(HAPPENING.insert(), rows)


def test_where_nothing_slows_mail_down_one_line_says_so(shop: Shop) -> None:
    assert [(one.state, one.words) for one in found(shop)] == [(State.ok, "nothing slows mail down")]


def test_a_folder_has_no_pace(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    assert list(pace_findings(shop.workshop, NOW)) == []
    shop.store.close()


def test_without_the_event_webhook_the_brakes_are_said_to_be_blind(shop: Shop) -> None:
    shop.more = {}
    assert "no brake can see complaints" in said(shop)
    assert "sendgrid.events_key" in said(shop)


def test_codes_against_us_are_alarms_with_a_cure_and_a_mailbox_that_is_gone_is_none(shop: Shop) -> None:
    heard(shop, Happened.blocked, "550-5.7.26 unauthenticated", 3)
    heard(shop, Happened.bounced, "550 5.7.515 Access denied", 1, "outlook.com")
    heard(shop, Happened.deferred, "421-4.7.28 unusual rate", 2)
    heard(shop, Happened.bounced, "550 5.1.1 no such user", 9)
    words = said(shop)
    assert "gmail turned 3 mails away in 7 days: they do not believe that our mail is ours" in words
    assert "microsoft turned 1 mail away in 7 days" in words
    assert "SPF, DKIM and DMARC" in words
    assert "gmail turned 2 mails away in 7 days: too many of their readers do not want our mail" in words
    assert " 9 mails" not in words
    assert {one.state for one in found(shop)} == {State.wrong, State.look}


def test_brakes_and_rests_are_told_with_their_figures(shop: Shop) -> None:
    with shop.store.database.writing() as connection:
        count(connection, NOW.date(), "sendgrid", {("gmail", "delivered"): 4_000, ("gmail", "complained"): 12})
        count(connection, NOW.date(), "sendgrid", {("web.de", "delivered"): 4_000})
    heard(shop, Happened.deferred, "try later", 25, "web.de")
    words = said(shop)
    held = "nothing but service goes to gmail, the rest is held by complaints of gmail"
    assert f"gmail: 12 complaints of 4,000 delivered in 7 days (0.30 %): {held}" in words
    assert "everywhere: 12 complaints of 8,000 delivered in 7 days (0.15 %): half of the busiest day goes" in words
    assert "web.de put off or blocked 25 of 25 mails within an hour" in words
    cures = {one.words.partition(":")[0]: one.remedy for one in found(shop) if one.about == "complaints"}
    assert "nurture release" in cures["gmail"]
    assert "nurture release" not in cures["everywhere"], "half a day holds nothing"
    assert any(line.startswith("Pace        gmail: 12 complaints") for line in status(shop.workshop, NOW).lines())


def test_when_the_providers_lists_were_read_is_told_and_how_to_read_them(shop: Shop) -> None:
    assert list(list_findings(shop.workshop, NOW)) == [], "without a key there are none to read"
    shop.more |= {"provider": "sendgrid", "sendgrid_key": "SG.k"}
    (never,) = list_findings(shop.workshop, NOW)
    assert (never.state, "never read" in never.words) == (State.look, True)
    for hours, state in ((1, State.ok), (48, State.ok), (49, State.look)):
        shop.store.declare(DECLARED, (NOW - timedelta(hours=hours)).isoformat(), NOW)
        (one,) = list_findings(shop.workshop, NOW)
        assert (one.state, "nurture sync" in one.remedy) == (state, state is State.look)


def test_warm_up_is_told_where_one_looks_and_where_one_looks_ahead(shop: Shop) -> None:
    shop.more |= {"warm_up_since": NOW.date() - timedelta(days=1), "warm_up_first_day": 5}
    planned(shop.store, news=9)
    assert "warm-up: 7 mails but service may go today (UTC), 0 have gone; tomorrow 1.4 times as many" in said(shop)
    assert list(may_delay(shop.workshop, NOW)) == [
        "Warm-up lets 7 mails but service go on 2 March (UTC); what is above waits."
    ]
    assert any("Pace        warm-up: 7 mails" in line for line in status(shop.workshop, NOW).lines())
