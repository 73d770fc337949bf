"""The demo shop, and on it the promise that the daemon's tick and `simulate` are one engine."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from nurture.decide.clock import reader_clock
from nurture.engine.applying import LiveBook
from nurture.engine.demo import run_demo, run_until
from nurture.engine.simulation import DROPPED, Calendar, Entry, calendar, dropped_entry
from nurture.engine.workshop import Workshop
from nurture.wiring import live, workshop

TODAY = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
NOON = TODAY.replace(hour=12, minute=0)


def happened(shop: Workshop, book: LiveBook, since: datetime) -> Calendar:
    """What the store keeps of a stretch of time, as the lines that simulate prints."""
    found = Calendar()
    for page in shop.store.everybody():
        labels = shop.store.labels(page)
        for person, _ in shop.store.people(page, since):
            clock = reader_clock(book.book.rules, person.facts)
            label = labels[person.id]
            found.mails += [
                Entry(one.at.astimezone(clock.zone).replace(tzinfo=None), label, one.mail, one.sequence, one.class_)
                for one in person.messages
                if one.at > since
            ]
            found.dropped += [
                dropped_entry(reason, label, clock)
                for reason in shop.store.reasons(person.id)
                if reason.why in DROPPED and reason.at > since
            ]
    found.mails.sort()
    found.dropped.sort()
    return found


@pytest.mark.parametrize(("seed", "people"), [(7, 120), (11, 60), (2027, 60)])
def test_fourteen_days_of_ticks_are_fourteen_days_simulated_line_for_line(tmp_path, seed, people):
    run_demo(tmp_path / "demo", seed, people, TODAY, workshop, lambda _: None)
    end = NOON + timedelta(days=14)
    with workshop(tmp_path / "demo") as shop:
        book = live(shop.store)
        foreseen = calendar(shop, book.book, shop.store.everybody(), (NOON, NOON, end), lambda _: None)
        run_until(shop, book, NOON, end)
        lived = happened(shop, book, NOON)
    assert len(lived.mails) > people // 10
    assert lived.mails == foreseen.mails
    assert lived.dropped == foreseen.dropped


def test_the_demo_shows_a_mail_a_silence_and_a_mail_from_right_to_left(empty):
    answer = empty.ok("demo", "--people", "60", "--at", "2026-11-21")
    assert "Why did this mail go?" in answer.out
    assert "And why this silence?" in answer.out
    assert max(map(len, answer.lines)) <= 100
    outbox = list((empty.root / "demo" / "outbox").glob("*.eml"))
    assert f"{len(outbox):,} mails" in answer.lines[0]
    assert "all equal" in empty.ok("rebuild", "--project", "demo").out


def test_the_demo_is_made_anew_but_never_over_something_else(empty):
    shown = json.loads(empty.ok("demo", "--people", "30", "--at", "2026-11-21", "--json").out)
    again = json.loads(empty.ok("demo", "--people", "30", "--at", "2026-11-21", "--json").out)
    assert shown["calendar"] == again["calendar"]
    (empty.root / "mine").mkdir()
    (empty.root / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    assert empty.run("demo", "--into", "mine").code == 64
    assert [path.name for path in (empty.root / "mine").iterdir()] == ["letter.txt"]
