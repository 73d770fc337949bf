"""The calendar of `simulate`: what is counted, what is imagined, an outage, and many processes like one."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from nurture.engine.concerned import changed_from
from nurture.engine.forecast import Forecast, Question, Someone, lived
from nurture.engine.forecast_page import page
from nurture.engine.forecast_words import (
    assumption_lines,
    calendar_lines,
    compared_lines,
    fullest_lines,
    gift_lines,
    limit_lines,
    lost_lines,
)
from nurture.engine.imagined import Imagined, imagined
from nurture.engine.processes import spread
from nurture.engine.simulation import Calendar
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue, OrderRule
from nurture.model.event import Event
from nurture.model.length import Length, Unit
from nurture.model.person import Consent, Orders, Person
from nurture.model.place import Place
from nurture.model.rules import Rules, Span, Topic
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Send, WaitLength, flow
from nurture.model.trigger import Again, EventTrigger
from nurture.store.codes import Stock
from nurture.store.rows import ContactRow, EventRow
from tests import sending_worlds
from tests.sending_worlds import open_shop

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
END = NOW + timedelta(days=30)
PLACE = Place("sequences/thanks.yaml")
STEPS = (
    WaitLength(id="pause", place=PLACE, length=Length(2, Unit.day)),
    Send(id="thanks", place=PLACE, mail="thanks", class_="care", topic="tips", valid_for=Length(1, Unit.day)),
)
BOOK = Book(
    Rules("shop", zone="UTC"),
    Catalogue(events={"order.placed": {}}, orders=OrderRule("order.placed", "order_id")),
    topics={"tips": Topic("tips")},
    sequences={
        "thanks": Sequence(
            name="thanks", title="Thanks", place=PLACE, class_="care", status=Status.live, topic="tips",
            start=(EventTrigger(place=PLACE, event="order.placed"),), again=Again(per="event.order_id"),
            steps=STEPS, nodes=flow(STEPS),
        )
    },
)  # fmt: skip


def order(number: int, at: datetime) -> Event:
    return Event(f"e{number}", "order.placed", at, at, number, {"order_id": f"o{number}"})


def someone(name: str, *events: Event) -> Someone:
    person = Person(name, NOW, address=f"{name}@shop.example", consents={"tips": Consent(True, NOW)})
    return Someone(person, events, name)


def test_mails_are_counted_by_the_readers_own_day() -> None:
    found = lived(Question(BOOK, NOW, NOW, END), [someone("ann", order(1, NOW + timedelta(hours=1))), someone("ben")])
    assert found.people == 2
    assert found.days == Counter({(date(2027, 3, 3), "care"): 1})
    assert found.sent == Counter({"thanks": 1})
    assert [entry.person for entry in found.mails] == ["ann"]


def test_what_is_missed_in_an_outage_goes_late_or_not_at_all() -> None:
    ann = someone("ann", order(1, NOW + timedelta(hours=1)))
    short = Question(BOOK, NOW, NOW, END, back=NOW + timedelta(days=2, hours=12))
    assert lived(short, [ann]).days == Counter({(date(2027, 3, 3), "care"): 1})
    long = Question(BOOK, NOW, NOW, END, back=NOW + timedelta(days=9))
    late = lived(long, [ann])
    assert (late.messages, late.lost) == (0, Counter({("thanks", "expired"): 1}))


def test_a_mail_that_waits_out_the_night_is_neither_moved_nor_dropped() -> None:
    quiet = replace(BOOK, rules=replace(BOOK.rules, quiet_hours=Span(time(20), time(8))))
    found = lived(Question(quiet, NOW, NOW, END), [someone("ann", order(1, NOW + timedelta(hours=13)))])
    assert (found.messages, found.lost, found.held) == (1, Counter(), Counter({"thanks": 1}))
    assert list(lost_lines(found)) == ["thanks: 1 sent; 1 held until a better hour"]
    told = list(Calendar(found.mails, found.dropped).lines())
    assert told[1] == "1 message · 0 moved or dropped, 1 held until a better hour:"
    assert told[2].endswith("held: quiet hours or window")


def test_everybody_is_lent_the_days_of_somebody_who_stood_where_they_stand() -> None:
    bought = (order(1, NOW - timedelta(days=10)), order(2, NOW - timedelta(days=3)))
    lent = Imagined("shop", NOW - timedelta(days=30), NOW, {0: (bought,), 2: ((),)}, {"order.placed": ("order_id",)})
    newcomer, regular = someone("ann").person, replace(someone("ben").person, orders=Orders((date.min, date.max)))
    coming = lent.events(newcomer, NOW + timedelta(days=60))
    days = [event.happened_at - NOW for event in coming]
    assert days == [timedelta(days=20), timedelta(days=27), timedelta(days=50), timedelta(days=57)]
    assert len({event.fields["order_id"] for event in coming}) == len({event.id for event in coming}) == 4
    assert lent.events(regular, END) == []
    assert [lent.happens(newcomer.id, 0, NOW + timedelta(days=days)) for days in (19, 20)] == [False, True]
    assert not lent.happens(regular.id, 2, END)
    assert lent.events(newcomer, END) == lent.events(newcomer, END)


def test_the_first_minutes_of_a_shop_are_no_rate(tmp_path: Path) -> None:
    opened = open_shop(tmp_path)
    given = EventRow(outside_id="n0", name="subscriber.joined", at=sending_worlds.NOW - timedelta(seconds=1))
    opened.store.importing(sending_worlds.NOW).take([ContactRow(outside_id="n0"), given], sending_worlds.refuse)
    lent = imagined(opened.store, BOOK, sending_worlds.NOW)
    (person,) = [known for page in opened.store.everybody() for known in page]
    found = lent.events(Person(person, sending_worlds.NOW), sending_worlds.NOW + timedelta(days=3))
    opened.store.close()
    assert lent.until - lent.since == timedelta(days=1)
    assert len(found) == 3, "once a day, and not once a second"


def test_a_book_concerns_those_inside_what_it_changes_or_it_may_concern_anybody() -> None:
    thanks = BOOK.sequences["thanks"]

    def with_thanks(**changed: object) -> Book:
        return replace(BOOK, sequences={"thanks": replace(thanks, **changed)})  # type: ignore[arg-type]

    assert changed_from(BOOK, replace(BOOK)) == frozenset()
    assert changed_from(BOOK, with_thanks(steps=STEPS[:1], nodes=flow(STEPS[:1]))) == frozenset({"thanks"})
    assert changed_from(None, BOOK) is None
    assert changed_from(BOOK, with_thanks(start=())) is None
    assert changed_from(BOOK, replace(BOOK, sequences={})) is None
    assert changed_from(BOOK, replace(BOOK, rules=replace(BOOK.rules, leap_day="mar-1"))) is None


def test_what_is_imagined_starts_what_it_would_start() -> None:
    lent = Imagined("shop", NOW - timedelta(days=30), NOW, {0: ((order(1, NOW - timedelta(days=10)),),)})
    found = lived(Question(BOOK, NOW, NOW, END, lent), [someone("ann")])
    assert (found.events, found.sent) == (1, Counter({"thanks": 1}))


def doubled(question: int, numbers: list[int]) -> list[int]:
    return [question * number for number in numbers]


@pytest.mark.parametrize("processes", [1, 2])
def test_pages_come_back_in_order_however_many_work_on_them(processes: int) -> None:
    pages = ([number, number + 1] for number in range(0, 60, 2))
    answers = list(spread(doubled, 3, pages, processes))
    assert [number for answer in answers for number in answer] == [3 * number for number in range(60)]


def test_of_many_lines_only_the_counts_are_kept() -> None:
    total = Forecast()
    for _ in range(70):
        total.add(lived(Question(BOOK, NOW, NOW, END), [someone("ann", order(1, NOW + timedelta(hours=1)))]))
    assert (total.messages, total.few, total.mails) == (70, False, [])


def forecast() -> Forecast:
    return Forecast(
        people=1200,
        days=Counter({(date(2027, 3, 3), "care"): 1200, (date(2027, 3, 5), "offer"): 40}),
        sent=Counter({"thanks": 1200, "next": 40}),
        lost=Counter({("next", "capped"): 9, ("next", "muted"): 2}),
        limited=Counter({"ann": 3}),
        gifts=Counter({"bag": 30, "card": 5}),
    )


def test_the_calendar_in_words() -> None:
    found = forecast()
    assert list(calendar_lines(found, ("service", "care", "offer"))) == [
        "                     care        offer      all",
        "Wed 03 Mar          1,200            0    1,200",
        "Fri 05 Mar              0           40       40",
        "1,240 messages to 1,200 people",
    ]
    assert list(fullest_lines(found)) == ["Fullest days: Wed 03 Mar 1,200, Fri 05 Mar 40"]
    assert list(limit_lines(found)) == ["1 person meets a limit (most often: ann 3)."]
    assert list(gift_lines(found, {"bag": Stock(free=20)}, ["bag"])) == [
        "gift bag: 30 of 20 codes; 0 left at the end, 10 too few: fill codes in before",
        "gift card: 5 with codes that are made",
    ]
    assert list(lost_lines(found)) == ["next: 40 sent; capped 9, muted 2"]
    beside = list(compared_lines(Forecast(sent=Counter({"thanks": 1000})), found))
    assert [line.split() for line in beside[1:]] == [
        ["next", "0", "40", "+40"],
        ["thanks", "1,000", "1,200", "+200"],
        ["all", "1,000", "1,240", "+240"],
    ]


def test_more_than_a_month_is_told_by_weeks() -> None:
    found = Forecast(people=1, days=Counter({(date(2027, 3, 3), "care"): 1, (date(2027, 5, 5), "care"): 2}))
    assert [line.split()[:3] for line in calendar_lines(found, ("care",))][1:3] == [
        ["Mon", "01", "Mar"],
        ["Mon", "03", "May"],
    ]
    assert list(calendar_lines(Forecast(), ("care",))) == ["No messages."]


def test_what_was_assumed_is_said() -> None:
    question = Question(BOOK, NOW, NOW, END, back=NOW + timedelta(days=3))
    assert list(assumption_lines(question, Forecast())) == [
        "Timers only: no new orders or answers are imagined.",
        "Nobody looked before 2027-03-04 09:00 UTC.",
    ]
    for days, span in ((1, "the last day"), (90, "the last 90 days")):
        lent = replace(question, imagined=Imagined("shop", NOW - timedelta(days=days), NOW), back=None)
        assert list(assumption_lines(lent, Forecast(events=4))) == [
            f"4 events are imagined, as they came in {span} (--no-events: none)."
        ]


def test_the_page_shades_its_days_and_lets_no_name_break_out() -> None:
    found = forecast()
    found.sent["<b>"] = 1
    written = page("shop & co", found, ("care", "offer"), ["a <note>"])
    assert 'title="Wed 3 Mar: care 1,200"' in written
    assert "&lt;b&gt;" in written
    assert "<li>a &lt;note&gt;</li>" in written
    assert "shop &amp; co" in written
    assert "<script" not in written
