"""The sweep: its clocks and days, that a sound book holds every law, and that planted faults are found (section 10)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from nurture.engine.book_tests_seasons import changes, clocks, odd_days, years_from
from nurture.engine.book_tests_sweep import HOURS, Question, Stay, Swept, answers, lonely, looked_at, moved, stays_of
from nurture.language.test_files import CaseFile, Moment
from nurture.model.book import Book
from nurture.model.catalogue import Limit
from nurture.model.event import MonthDay
from nurture.model.length import Length, Unit
from nurture.model.step import Send, flow
from tests.little_shop import book_of, cases_in, files

YEARS = (2027, 2028)
CASES = """\
tests: after_order
with: [after_order, digest]
people:
  ann: {country: FR, zone: Europe/Paris, birthday: --03-12}
cases:
  - name: an order and a review
    given:
      person: ann
      events:
        - {at: 2027-03-01 14:20, event: order.placed, order_id: A1}
        - {at: 2027-03-03 14:20, event: order.placed, order_id: A2}
        - {at: 2027-03-08 19:40, event: review.posted, stars: 5}
        - {at: 2027-03-09 08:00, event: complaint.opened, ticket: T1}
      things: {subscription: {subscription_id: S1, renews_on: 2027-03-20}}
    until: 2027-05-20
"""
PROJECT = files(after_order=CASES)
BOOK = book_of(PROJECT)
FILES = cases_in(PROJECT)
STAYS = [
    Stay(0, zone, day, hour)
    for zone in ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo")
    for day in (date(2027, 3, 27), date(2028, 2, 22), date(2027, 10, 28), date(2027, 4, 25))
    for hour in HOURS
]


def test_there_are_65_clocks_and_each_is_another() -> None:
    found = clocks(YEARS)
    assert len(found) == 65
    assert {"Africa/Cairo", "Antarctica/Troll", "Australia/Lord_Howe"} <= set(found)


def test_a_common_and_a_leap_year_from_any_year_on() -> None:
    assert [years_from(year) for year in (2026, 2027, 2028, 2097)] == [(2026, 2028), YEARS, (2029, 2028), (2097, 2104)]


def test_changes_of_clocks_are_found_to_a_quarter_of_an_hour() -> None:
    found = [instant.astimezone(ZoneInfo("Europe/Paris")) for instant in changes("Europe/Paris", (2027, 2028))]
    assert [f"{one:%m-%d %H:%M}" for one in found[:2]] == ["03-28 03:00", "10-31 02:00"]
    assert changes("Asia/Tokyo", YEARS) == ()


def test_lives_begin_round_changes_month_ends_and_the_leap_day() -> None:
    days = odd_days("Europe/Paris", YEARS)
    for day in ("2027-03-21", "2027-03-28", "2027-03-29", "2027-04-30", "2028-02-29", "2028-03-01", "2027-01-08"):
        assert date.fromisoformat(day) in days, day
    assert date(2027, 5, 2) not in days
    assert len(odd_days("Asia/Tokyo", YEARS, every=True)) == 365 + 366


def test_every_case_meets_every_clock_and_every_hour() -> None:
    zones = clocks(YEARS)[:5]
    found = list(stays_of(zones, YEARS, 7, every_day=False))
    assert {(one.case, one.zone) for one in found} == {(case, zone) for case in range(7) for zone in zones}
    assert {(one.case, one.hour) for one in found} == {(case, hour) for case in range(7) for hour in HOURS}


def test_a_case_moves_with_all_its_dates() -> None:
    (file,) = FILES
    found = moved(file.cases[0], Stay(0, "Asia/Tokyo", date(2027, 3, 31), time(22, 10)))
    assert found.given.events[0].at == Moment(date(2027, 3, 31), time(22, 10))
    assert found.given.events[1].at == Moment(date(2027, 4, 2), time(22, 10))
    assert found.given.facts["zone"] == "Asia/Tokyo"
    assert found.given.facts["birthday"] == MonthDay(4, 11)
    assert found.given.things[0].fields["renews_on"] == date(2027, 4, 19)
    assert found.until.day - date(2027, 3, 31) <= timedelta(days=60)


def test_a_sequence_without_a_case_gets_somebody_who_starts_it() -> None:
    alone = {case.name: case for case in lonely(BOOK, FILES)}
    assert sorted(alone) == ["somebody for cups", "somebody for renewal"], "drafts have nobody"
    (_, started) = next(iter(lonely(BOOK, [CaseFile("x", "x", ("cups", "renewal", "after_order"), ())]))).given.events
    assert started.event == "review.posted"


def test_a_sound_book_holds_every_law() -> None:
    (file,) = FILES
    faults, lives, messages = looked_at(Question(BOOK, file.cases, BOOK), STAYS)
    assert faults == []
    assert lives == len(STAYS)
    assert messages > 2 * lives, "the laws have something to look at"


def laws_broken(book: Book) -> set[str]:
    """The laws of the sound book that a book with a planted fault breaks."""
    (file,) = FILES
    return {fault.broken.law for fault in looked_at(Question(book, file.cases, BOOK), STAYS)[0]}


def with_send(change: Callable[[Send], Send]) -> Book:
    sequence = BOOK.sequences["after_order"]
    steps = tuple(change(step) if isinstance(step, Send) else step for step in sequence.steps)
    return replace(BOOK, sequences={**BOOK.sequences, "after_order": replace(sequence, steps=steps, nodes=flow(steps))})


def short_lived(send: Send) -> Send:
    return replace(send, valid_for=Length(1, Unit.minute))


def without_a_wait() -> Book:
    """The welcome at night: the first mail falls due at once, and is good for an hour."""
    sequence = BOOK.sequences["after_order"]
    first = sequence.steps[1]
    assert isinstance(first, Send)
    steps = (short_lived(first), *sequence.steps[2:])
    return replace(BOOK, sequences={**BOOK.sequences, "after_order": replace(sequence, steps=steps, nodes=flow(steps))})


PLANTED: list[tuple[str, Book]] = [
    ("limits", replace(BOOK, rules=replace(BOOK.rules, limits=(Limit(9, per="day"),), min_gap=None))),
    ("min_gap", replace(BOOK, rules=replace(BOOK.rules, limits=(), min_gap=None))),
    ("quiet hours", replace(without_a_wait(), rules=replace(BOOK.rules, quiet_hours=None))),
    ("mutes", replace(BOOK, rules=replace(BOOK.rules, mutes=()))),
    ("an hour to go", without_a_wait()),
]


@pytest.mark.parametrize(("law", "book"), PLANTED, ids=[law for law, _ in PLANTED])
def test_a_planted_fault_is_found(law: str, book: Book) -> None:
    assert law in laws_broken(book)


def test_two_processes_say_what_one_says() -> None:
    (file,) = FILES
    question = Question(PLANTED[3][1], file.cases, BOOK)
    stays = STAYS * 2  # more than one page
    alone, together = list(answers(question, stays, 1)), list(answers(question, stays, 2))
    assert together == alone
    assert len(together) == 3
    fault = together[0][0][0]
    assert fault.broken.law == "mutes"
    assert "muted by open_complaint, which complaint.opened began; 'an order and a review' from" in fault.line


def test_a_fault_is_told_once_for_its_law_and_mail() -> None:
    (file,) = FILES
    swept = Swept()
    faults, lives, messages = looked_at(Question(PLANTED[3][1], file.cases, BOOK), STAYS)
    swept.add(faults, lives, messages)
    swept.add(faults, lives, messages)
    assert swept.lives == 2 * lives
    assert swept.broken == 2 * len(faults) > len(swept.faults)
