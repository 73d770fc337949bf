"""Whom a broadcast reaches, and what is asked before it goes (language.md 4.2, 5.13, 6.4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.engine.applying import live_book, make_live
from nurture.engine.broadcasts import HeadCount, head_counts
from nurture.engine.choosing import choice_of
from nurture.engine.faults import RefusedError
from nurture.engine.plan import plan
from nurture.engine.plan_words import plan_lines
from nurture.engine.tick import decide_all
from nurture.language.project import read_project
from nurture.model.event import Origin
from nurture.store.open import Store, open_store
from nurture.store.rows import ConsentRow, ContactRow
from tests import worlds as w
from tests.small_project import FILES

BEGIN = w.utc("2027-03-01 12:00")
NOON = w.utc("2027-03-02 07:00")  # ten has passed in Kolkata and Tokyo, not in Paris
HARVEST = "sequences/harvest.yaml"
ONCE = """\
sequence: harvest
title: The harvest
stage: any
class: care
topic: care
status: live
{extra}
start:
  {start}
again: never
steps:
  - {{send: how_are_you}}
  - wait: {wait}
  - {{send: one_question}}
"""
TEN = "once: 2027-03-02 10:00\n  if: person.country in ['FR', 'IN', 'JP']"
MAILS = [f"templates/{mail}/{locale}.md" for mail in ("how_are_you", "one_question") for locale in ("en", "tr")]


def files(start: str = TEN, wait: str = "5 days") -> dict[str, bytes]:
    extra = "at_most: 2" if "once" in start else ""
    whole = {**FILES, HARVEST: ONCE.format(start=start, wait=wait, extra=extra)}
    mails = dict.fromkeys(MAILS, b"---\nsubject: One\n---\nHello\n")
    return {name: text.encode() for name, text in whole.items()} | mails


@pytest.fixture
def store() -> Iterator[Store]:
    """Two in Paris, one in Kolkata, one in Tokyo, and one in a country that the broadcast is not for."""
    opened = open_store("sqlite://")
    zones = [("FR", "Europe/Paris")] * 2 + [("IN", "Asia/Kolkata"), ("JP", "Asia/Tokyo"), ("US", "Europe/Paris")]
    rows: list[ContactRow | ConsentRow] = []
    for number, (country, zone) in enumerate(zones):
        address = f"c{number}@example.net"
        rows.append(ContactRow(outside_id=f"c{number}", address=address, facts={"country": country, "zone": zone}))
        rows.append(ConsentRow(outside_id=f"c{number}", address=address, topics=("care",), given=True, at=BEGIN))
    opened.importing(BEGIN, origin=Origin.live).take(rows, print)
    yield opened
    opened.close()


def applied(store: Store, now=NOON, past_hour: str = "skip", start: str = TEN) -> None:  # type: ignore[no-untyped-def]
    given = files(start)
    reading = read_project(given)
    assert reading.book is not None, reading.problems
    found = plan(store, reading.book, given, now, choice_of("", (), past_hour))
    make_live(store, found, given, now, "a test")


def live(store: Store):  # type: ignore[no-untyped-def]
    found = live_book(store)
    assert found is not None
    return found.book


def started(store: Store, now) -> list[str]:  # type: ignore[no-untyped-def]
    """The zones of those who started."""
    decide_all(store, live(store), now)
    everybody = [one for page in store.everybody() for one in page]
    people = [person for person, _ in store.people(everybody, now)]
    return sorted(str(person.facts["zone"]) for person in people if person.enrolments)


def test_the_head_count_says_who_and_whose_hour_has_passed(store: Store) -> None:
    applied(store, BEGIN)
    decide_all(store, live(store), BEGIN)
    assert head_counts(store, live(store), BEGIN) == (HeadCount("harvest", 4, 0, 2, False),)
    (count,) = head_counts(store, live(store), NOON)
    assert count == HeadCount("harvest", 4, 2, 2, False)
    assert list(count.lines()) == [
        "harvest: at most 4 people",
        "  2 above at_most 2 are held: nurture release --sequence harvest --all",
        "  for 2 of them the hour has passed: they are left out (--past-hour send reaches them)",
    ]
    assert list(replace(count, past_too=True).lines())[-1].endswith("they get it at once")
    assert head_counts(store, live(store), NOON + timedelta(days=1)) == ()


@pytest.mark.parametrize(("past_hour", "reached"), [
    ("skip", ["Europe/Paris", "Europe/Paris"]),
    ("send", ["Asia/Kolkata", "Asia/Tokyo", "Europe/Paris", "Europe/Paris"]),
])  # fmt: skip
def test_whose_hour_has_passed_is_reached_only_where_somebody_said_so(
    store: Store, past_hour: str, reached: list[str]
) -> None:
    applied(store, BEGIN, start="event: review.posted")
    decide_all(store, live(store), BEGIN)
    applied(store, NOON, past_hour)
    assert started(store, NOON + timedelta(hours=6)) == reached


def test_the_hour_of_some_readers_past_wants_a_decision_once(store: Store) -> None:
    applied(store, BEGIN, start="event: review.posted")
    decide_all(store, live(store), BEGIN)
    given = files(TEN)
    book = read_project(given).book
    assert book is not None

    def asked(now=NOON, past_hour: str = "") -> list[tuple[str, int]]:  # type: ignore[no-untyped-def]
        return [(one.key, one.people) for one in plan(store, book, given, now, choice_of("", (), past_hour)).missing]

    assert asked() == [("past_hour harvest", 2)]
    found = plan(store, book, given, NOON)
    assert "harvest: the hour of 2 readers has passed already. Add --past-hour send | skip" in " ".join(
        " ".join(plan_lines(found)).split()
    )
    with pytest.raises(RefusedError, match="the hour of 2 readers has passed already"):
        make_live(store, found, given, NOON, "a test")
    assert asked(past_hour="skip") == asked(past_hour="send") == []
    assert asked(BEGIN) == []  # nobody's has passed
    assert asked(NOON + timedelta(days=1)) == []  # everybody's has
    applied(store, NOON, "skip")
    edited = files(TEN, wait="6 days")
    changed = read_project(edited).book
    assert changed is not None
    assert plan(store, changed, edited, NOON + timedelta(minutes=1)).missing == []  # it was decided


def test_another_hour_reaches_nobody_back_and_other_words_lose_nobody(store: Store) -> None:
    applied(store, BEGIN, start=TEN.replace("10:00", "23:00"))
    decide_all(store, live(store), BEGIN)
    applied(store, NOON)  # it was to be at 23:00: those whose ten has passed are asked about
    assert live(store).applied["harvest"].starts_since == NOON
    assert started(store, NOON + timedelta(hours=6)) == ["Europe/Paris", "Europe/Paris"]


def test_a_new_version_with_the_same_start_loses_nobody(store: Store) -> None:
    applied(store, BEGIN)
    decide_all(store, live(store), BEGIN)
    given = files(wait="6 days")
    book = read_project(given).book
    assert book is not None
    make_live(store, plan(store, book, given, NOON), given, NOON, "a test")
    assert live(store).applied["harvest"].starts_since is None
    assert len(started(store, NOON + timedelta(hours=6))) == 4
