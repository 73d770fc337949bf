"""A daemon that waits for one that hangs says so once, and has the shop's people told in its stead."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.engine.standing_by import StandingBy
from nurture.engine.status import status
from nurture.engine.workshop import Workshop
from nurture.model.mail import Email
from nurture.store.runner import Runner
from tests.sending_worlds import MINUTE, NOW, Clock, Shop, open_shop


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    opened = open_shop(store_url)
    rules = replace(opened.live.book.rules, people=(("owner", "boss@shop.example"),))
    opened.live = replace(opened.live, book=replace(opened.live.book, rules=rules))
    opened.provider.name = "smtp"
    yield opened
    opened.store.close()


def seen(shop: Shop, ago: timedelta, kind: str = "daemon") -> None:
    """The one that is at work said last so long before NOW that it lives."""
    shop.store.beat(Runner("one", 7, "1", NOW - timedelta(days=1), NOW - ago, None, "at work", kind))


def standing_by(shop: Shop, clock: Clock) -> StandingBy:
    @contextmanager
    def opened() -> Iterator[Workshop | None]:
        yield shop.workshop

    return StandingBy(opened, clock, lambda _: shop.live)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_one_that_hangs_is_told_of_once_by_the_log_status_and_mail(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    mails: list[Email] = []
    shop.provider.before = mails.append
    clock = Clock()
    waits = standing_by(shop, clock)
    seen(shop, MINUTE)
    waits.look("daemon", 7)
    assert (said(caplog), mails) == ([], [])
    clock.now = NOW + 4 * MINUTE
    for _ in range(2):
        waits.look("daemon", 7)
    words = "a daemon (process 7) said last 5 minutes ago that it lives"
    assert said(caplog) == [
        "daemon.silent beside=daemon process=7 seconds=300",
        'alarm.begun alarm=runner_silent about=""',
        "alarm.told fate=accepted",
    ]
    assert [(mail.to_address, mail.subject) for mail in mails] == [("boss@shop.example", f"nurture: {words}")]
    lines = list(status(shop.workshop, clock.now).lines())
    assert lines[0] == f"Alarm       {words}, since 2027-03-02 10:04 UTC (nurture doctor)"
    assert lines[1].endswith("SILENT: end it if it hangs, and start it again")


def test_one_that_speaks_again_may_fall_silent_again(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    clock = Clock(NOW + 10 * MINUTE)
    waits = standing_by(shop, clock)
    for ago in (timedelta(), -10 * MINUTE, timedelta()):
        seen(shop, ago)
        waits.look("daemon", 7)
    assert [line.split()[0] for line in said(caplog)].count("daemon.silent") == 2


def test_others_than_the_one_that_is_waited_for_are_no_matter(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    seen(shop, timedelta(hours=1), kind="worker")
    waits = standing_by(shop, Clock())
    waits.look("daemon", 7)
    waits.look("worker", 8)
    assert said(caplog) == []


def test_a_store_that_cannot_be_asked_is_said_once_and_asked_again(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    seen(shop, timedelta(hours=1))
    answers = iter((OSError("away"), OSError("away"), None, shop.workshop))

    @contextmanager
    def opened() -> Iterator[Workshop | None]:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        yield answer

    waits = StandingBy(opened, Clock(), lambda _: None)
    for _ in range(4):
        waits.look("daemon", 7)
    assert [line.split()[:2] for line in said(caplog)] == [
        ["queue.lost", "lane=standby"],
        ["daemon.silent", "beside=daemon"],
        ["alarm.begun", "alarm=runner_silent"],
    ]
