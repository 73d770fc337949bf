from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from nurture.decide.clock import Clock
from nurture.decide.explain import person_line, reason_lines, sent_lines, stage_line, standing_lines, told, why_words
from nurture.model.book import Book
from nurture.model.decision import Look, Reason, Why
from nurture.model.mail import Fate
from nurture.model.person import Enrolment, Message, Person, Round, StageState
from nurture.model.place import Place
from nurture.model.rules import Rules
from nurture.model.step import Repeat, Task, Text, WaitEvent, Webhook
from tests import worlds as w

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
        (
            Reason(Why.stopped, AT, words="order.placed", place=w.HERE),
            "Mon 08 Mar 10:00  ended: stopped: order.placed (stop_when)",
        ),
        (
            Reason(Why.no_longer_fits, AT, words="not has_tag('x')", place=w.HERE),
            "Mon 08 Mar 10:00  ended: no longer fits: not has_tag('x') (while)",
        ),
        (Reason(Why.stopped, AT, words="unhappy"), "Mon 08 Mar 10:00  ended: stopped: unhappy"),
        (Reason(Why.started, AT, words="order.placed"), "Mon 08 Mar 10:00  started: order.placed"),
        (
            Reason(Why.came, LATER, due_at=AT, step="answer", words="review.posted"),
            "Thu 11 Mar 10:00  answer  answered by review.posted Mon 08 Mar 10:00",
        ),
        (
            Reason(Why.timed_out, AT, step="answer", words="no review.posted within 7 days"),
            "Mon 08 Mar 10:00  answer  no answer: no review.posted within 7 days",
        ),
        (
            Reason(Why.came_too_late, LATER, due_at=AT, step="answer", words="review.posted"),
            "Thu 11 Mar 10:00  answer  review.posted came too late: the wait was over Mon 08 Mar 10:00",
        ),
        (Reason(Why.way, AT, step="test", words="question"), "Mon 08 Mar 10:00  test  goes the way question"),
        (
            Reason(Why.gift, AT, step="present", words="birthday_bag waiting"),
            "Mon 08 Mar 10:00  present  gift birthday_bag: reserved, to be drawn with the mail that carries it",
        ),
        (
            Reason(Why.gift, AT, step="present", words="birthday_bag had_enough"),
            "Mon 08 Mar 10:00  present  gift birthday_bag: had enough",
        ),
        (
            Reason(Why.task, AT, step="call", words="for lena, due 9 Mar", until=LATER),
            "Mon 08 Mar 10:00  call  task for lena, due 9 Mar, waited for until Thu 11 Mar 10:00",
        ),
        (
            Reason(Why.webhook, AT, step="tell", words="erp failed: 404"),
            "Mon 08 Mar 10:00  tell  erp failed: 404",
        ),
        (
            Reason(Why.version, AT, step="b", words="moved from version 4 to 5: stands at b"),
            "Mon 08 Mar 10:00  moved from version 4 to 5: stands at b",
        ),
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


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (WaitEvent(id="b", place=w.HERE, events=("a.b", "c.d"), up_to=w.length("7 days")), " for a.b or c.d"),
        (Repeat(id="b", place=w.HERE, times=3, every=w.length("1 month")), " for round 2 of 3"),
        (
            Task(id="b", place=w.HERE, text=Text("", ()), to="lena", due=w.length("1 day"), hold=w.length("2 days")),
            " for lena to finish the task",
        ),
        (Webhook(id="b", place=w.HERE, endpoint="erp", timeout=w.length("1 minute")), " for erp to answer"),
        (replace(w.wait("2 days"), id="b"), ""),
    ],
)
def test_where_somebody_waits_and_for_what(step, said):
    book = w.book(w.sequence("s", w.JOINED, [step]))
    inside = Enrolment("s", "1", 1, 0, AT, date(2027, 3, 8), step="b", due_at=LATER, rounds=(Round("b", 1, AT),))
    assert standing_lines(book, inside, PARIS) == [f"       waits at b{said}, until Thu 11 Mar 10:00"]
    assert standing_lines(book, replace(inside, ended_at=LATER), PARIS) == []


def test_of_a_repeat_each_round_has_its_own_send_key():
    had = PERSON.messages[0]
    again = replace(had, key="fedcba98" * 2, at=LATER)
    person = replace(PERSON, messages=(had, again))
    second = Reason(Why.sent, LATER, sequence=had.sequence, subject=had.subject, step=had.step, mail=had.mail)
    assert sent_lines(person, second) == ["       send key fedcba98fedcba98"]
    assert sent_lines(person, replace(second, at=had.at)) == [f"       send key {had.key[:16]}"]


def test_a_draft_says_what_it_waits_for_and_not_that_it_is_on_its_way():
    had = PERSON.messages[0]
    reason = Reason(Why.sent, had.at, sequence=had.sequence, subject=had.subject, step=had.step, mail=had.mail)
    planned = {had.key: Fate.planned}
    assert sent_lines(PERSON, reason, planned) == [f"       send key {had.key[:16]} · waits to be handed over"]
    draft = replace(reason, words="waits for the approval of lena")
    assert sent_lines(PERSON, draft, planned) == [f"       send key {had.key[:16]}"]
    assert sent_lines(PERSON, draft, {had.key: Fate.in_doubt})[0].endswith("in doubt: it may have gone")
