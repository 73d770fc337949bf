from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from nurture.decide.clock import Clock
from nurture.decide.explain import person_line, reason_lines, stage_line, told, why_words
from nurture.model.book import Book
from nurture.model.decision import Look, Reason, Why
from nurture.model.person import Enrolment, Message, Person, StageState
from nurture.model.place import Place
from nurture.model.rules import Rules

PARIS = Clock(ZoneInfo("Europe/Paris"))
BOOK = Book(Rules("shop", zone="Europe/Paris"))
AT = datetime(2027, 3, 8, 9, tzinfo=UTC)
LATER = datetime(2027, 3, 11, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason(Why.moved, AT, until=LATER, words="keeps a place for x"), "-> Thu 11 Mar 10:00: keeps a place for x"),
        (Reason(Why.muted, AT, words="muted by open_complaint"), "muted by open_complaint"),
        (Reason(Why.no_consent, AT, words="no consent to offers"), "no consent to offers"),
        (Reason(Why.no_address, AT), "no address"),
        (Reason(Why.condition, AT, words="order.placed"), "condition: order.placed"),
    ],
)
def test_what_came_of_it_in_one_phrase(reason, words):
    assert why_words(reason, PARIS) == words


def test_a_start_that_was_refused_shows_what_was_looked_at_in_columns():
    looks = (Look("person.orders.count >= 1", "0 >= 1", "no"), Look("person.country == 'FR'", "unknown", "unknown"))
    reason = Reason(Why.condition, AT, sequence="birthday", looks=looks, place=Place("sequences/birthday.yaml", 12))
    assert reason_lines(reason, PARIS) == [
        "Did not start on 8 Mar 2027: condition",
        "       person.orders.count >= 1   0 >= 1    no",
        "       person.country == 'FR'     unknown   unknown",
        "       sequences/birthday.yaml:12",
    ]


@pytest.mark.parametrize(
    ("reason", "head"),
    [
        (Reason(Why.sent, AT, mail="hello"), "Mon 08 Mar 10:00  hello  sent"),
        (
            Reason(Why.capped, AT, mail="hello", words="limit 1 per day"),
            "Mon 08 Mar 10:00  hello  not sent: capped: limit 1 per day",
        ),
        (Reason(Why.finished, AT), "Mon 08 Mar 10:00  ended: finished"),
        (Reason(Why.started, AT, words="order.placed"), "Mon 08 Mar 10:00  started: order.placed"),
    ],
)  # fmt: skip
def test_the_first_line_of_a_reason(reason, head):
    assert reason_lines(reason, PARIS)[0] == head


PERSON = Person(
    "p1",
    AT,
    facts={"first_name": "Salma", "locale": "ar", "zone": "Africa/Cairo"},
    stage=StageState("buying", AT),
    moments=frozenset({"telling", "feedback"}),
    enrolments=(Enrolment("hello", "1", 1, 2, AT, date(2027, 3, 8), "subscriber.joined"),),
    messages=(Message("0123456789abcdefXYZ", "hello", "1", "hi", "hi", "news", "", AT, AT, date(2027, 3, 8)),),
)


def test_who_it_is():
    assert person_line(BOOK, PERSON) == (
        "Salma · ar · Africa/Cairo (their own setting) · stage buying · moment feedback · moment telling"
    )
    assert person_line(BOOK, Person("p2", AT)) == "p2 · en · Europe/Paris (the project's zone) · no stage yet"


def test_a_story_is_told_by_enrolment_in_the_order_of_time():
    reasons = [
        Reason(Why.sent, LATER, sequence="hello", subject="1", step="hi", mail="hi"),
        Reason(Why.started, AT, sequence="hello", subject="1", words="subscriber.joined"),
        Reason(Why.too_old, AT, sequence="care", words="order.placed"),
    ]
    assert told(BOOK, PERSON, reasons) == [
        "",
        "care",
        "Did not start on 8 Mar 2027: too old: order.placed",
        "",
        "hello, version 2, started Mon 08 Mar 11:00 by subscriber.joined",
        "Mon 08 Mar 11:00  started: subscriber.joined",
        "Thu 11 Mar 11:00  hi  sent",
        "       send key 0123456789abcdef",
    ]


def test_a_stage_is_said_only_where_it_is_in_the_way():
    from nurture.model.length import Length, Unit
    from nurture.model.sequence import Sequence, Status
    from nurture.model.step import Send
    from nurture.model.trigger import Again, ManualTrigger

    place = Place("x")
    step = Send(id="hi", place=place, mail="hi", class_="news", valid_for=Length(1, Unit.day))
    sequence = Sequence(
        name="hello", title="", place=place, class_="news", status=Status.live, start=(ManualTrigger(place=place),),
        again=Again(), steps=(step,), stage=("again", "vip"),
    )  # fmt: skip
    book = Book(Rules("shop"), sequences={"hello": sequence})
    assert stage_line(book, PERSON, "hello") == "       Is in stage buying; this sequence is for again, vip"
    assert stage_line(book, Person("p2", AT, stage=StageState("vip", AT)), "hello") == ""


def test_a_long_find_pushes_no_answer_out_of_its_column():
    limits = "already had thank_you_with_card, warm_wishes (limit 3 per 7 days)"
    reason = Reason(Why.capped, AT, looks=(Look("consent", "order_care", "yes"), Look("limits", limits, "no")))
    lines = reason_lines(reason, PARIS)[1:]
    assert lines[0].index("yes") == lines[1].rindex("no")
    assert lines[1].strip() == f"limits    {limits}   no"
