"""Ladders: rungs in order, rested, taken by what the order holds, closed after refusals (language.md 5.3, 6.13)."""

from dataclasses import replace
from datetime import time

import pytest

from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.event import Event, Line
from nurture.model.expression import Kind, Name
from nurture.model.house import House, LadderRule, Rung
from nurture.model.step import Offer
from tests import worlds as w

BEANS = LadderRule(
    "beans",
    (
        Rung("sampler", "Three-origin sampler", w.condition("person.orders.count == 1"), ("sampler",)),
        Rung("big_bag", "The 1 kg bag", w.condition("person.orders.count in [2, 3]"), ("big_bag",)),
        Rung("subscription", "A bag every month", w.condition("person.orders.count >= 3"), ("subscription",)),
        Rung("grinder", "Hand grinder", w.condition("person.orders.count >= 3"), ("grinder",)),
    ),
    taken_when="order.placed",
    taken_within=w.length("21 days"),
    rest=w.length("60 days"),
    stop_after=3,
)
START = w.utc("2027-01-01 08:00")
RULES = replace(w.RULES, limits=(), min_gap=None, quiet_hours=None, mutes=())


def offer(id_: str = "next_rung", **more: object) -> Offer:
    values = {
        "id": id_, "place": w.HERE, "mail": "next_bag_offer", "ladder": "beans", "class_": "offer",
        "topic": "offers", "valid_for": w.length("4 days"),
    }  # fmt: skip
    return Offer(**(values | more))  # type: ignore[arg-type]


def world(*steps: object, ladder: LadderRule = BEANS, rules: object = RULES, **more: object) -> Book:
    asked = w.sequence("offers", w.EventTrigger(place=w.HERE, event="review.posted"), steps or (offer(),), **more)  # type: ignore[arg-type]
    return replace(w.book(asked, rules=rules), house=House(ladders=(ladder,)))  # type: ignore[arg-type]


def bought(day: str, order: str, *products: str) -> Event:
    return w.event("order.placed", f"{day} 09:00", order_id=order, total=24, lines=tuple(Line(p) for p in products))


def asked(*days: str) -> list[Event]:
    """What makes the sequence start."""
    return [replace(w.event("review.posted", f"{day} 12:00", stars=5), id=f"review-{day}") for day in days]


def offered(book: Book, *events: Event, end: str = "2029-01-01 10:00") -> list[str]:
    return [i.offered for i in lived(book, *events, end=end).intents]


def lived(book: Book, *events: Event, end: str = "2029-01-01 10:00") -> w.Life:
    return w.live(book, w.newborn(at=START), [*w.reachable(START), *events], end)


def test_the_first_rung_that_fits_is_offered_and_named_in_the_mail() -> None:
    life = lived(world(), bought("2027-01-02", "A"), *asked("2027-01-05"))
    (intent,) = life.intents
    assert intent.offered == "beans.sampler"
    assert intent.variables == {"rung": "sampler", "rung_title": "Three-origin sampler"}
    assert life.person.messages[0].offered == "beans.sampler"
    assert life.person.enrolments[0].outcomes[-1].outcome == "sent"
    sent = next(r for r in life.reasons if r.why is Why.sent)
    assert sent.looks[-1].found == "the first that fits"


def test_what_a_step_gives_by_itself_wins_over_what_the_ladder_gives() -> None:
    title = Name(("ladders", "next_rung", "rung"), Kind.text)
    book = world(offer(variables=(("rung_title", title),), variant_from=title))
    (intent,) = lived(book, bought("2027-01-02", "A"), *asked("2027-01-05")).intents
    assert intent.variables == {"rung": "sampler", "rung_title": "sampler"}
    assert intent.variant == "sampler"


def test_where_no_rung_fits_there_is_no_mail_and_the_flow_goes_on() -> None:
    life = lived(world(offer(), w.send("after", "service")), *asked("2027-01-05"))
    assert [i.mail for i in life.intents] == ["after"]
    assert life.person.enrolments[0].outcomes[0].outcome == "none"
    assert life.why("next_bag_offer") == ["no rung: no rung of beans fits"]
    reason = next(r for r in life.reasons if r.why is Why.no_rung)
    assert ("person.orders.count == 1", "0 == 1", "no") in [(k.what, k.found, k.answer) for k in reason.looks]


def test_a_rung_rests_and_the_next_that_fits_takes_its_place() -> None:
    orders = [bought(f"2027-01-0{n}", f"{n}") for n in (2, 3, 4)]
    days = asked("2027-01-10", "2027-01-20", "2027-02-05", "2027-03-15")
    ladder = replace(BEANS, stop_after=None)
    assert offered(world(ladder=ladder), *orders, *days) == [
        "beans.big_bag", "beans.subscription", "beans.grinder", "beans.big_bag",
    ]  # fmt: skip


def test_it_rests_to_the_day() -> None:
    order = bought("2027-01-02", "A")
    assert offered(world(), order, *asked("2027-01-05", "2027-03-05")) == ["beans.sampler"]
    assert offered(world(), order, *asked("2027-01-05", "2027-03-06")) == ["beans.sampler"] * 2


@pytest.mark.parametrize(
    ("day", "product", "again"),
    [
        ("2027-01-20", "sampler", False),
        ("2027-01-20", "mug", True),
        ("2027-02-10", "sampler", True),
        ("2027-01-03", "sampler", True),
    ],
    ids=["taken", "another product", "too late to be because of it", "bought before"],
)
def test_taking_a_rung_is_seen_in_the_lines_of_an_order(day: str, product: str, again: bool) -> None:
    always = replace(BEANS, rungs=(replace(BEANS.rungs[0], condition=None),))
    days = asked("2027-01-05", "2027-06-01")
    assert len(offered(world(ladder=always), bought(day, "B", product), *days)) == 1 + again


def test_an_undone_order_took_nothing() -> None:
    always = replace(BEANS, rungs=(replace(BEANS.rungs[0], condition=None),))
    undone = w.event("order.cancelled", "2027-01-21 10:00", order_id="B")
    days = asked("2027-01-05", "2027-06-01")
    assert len(offered(world(ladder=always), bought("2027-01-20", "B", "sampler"), undone, *days)) == 2


ANY = tuple(Rung(name, name.title(), None, (name,)) for name in ("one", "two", "three", "four"))
MANY = replace(BEANS, rungs=ANY, rest=w.length("2 years"), stop_after=3)


def test_after_three_refusals_in_a_row_the_ladder_is_left_alone_for_a_year() -> None:
    days = asked("2027-01-05", "2027-02-05", "2027-03-05", "2027-03-20", "2027-03-28", "2028-03-25", "2028-03-27")
    life = lived(world(ladder=replace(MANY, rungs=(*ANY, replace(ANY[0], id="five")))), *days)
    got = [i.offered for i in life.intents]
    assert got == ["beans.one", "beans.two", "beans.three", "beans.four", "beans.five"]
    at = [f"{i.decided_at:%Y-%m-%d}" for i in life.intents]
    assert at == ["2027-01-05", "2027-02-05", "2027-03-05", "2027-03-20", "2028-03-27"], "the third has 21 days"
    words = [r.words for r in life.reasons if r.why is Why.no_rung]
    assert words == ["beans: 3 refused in a row; left alone until 26 Mar 2028"] * 2


def test_what_is_taken_breaks_the_row() -> None:
    days = asked("2027-01-05", "2027-02-05", "2027-03-05", "2027-04-05")
    assert len(offered(world(ladder=MANY), bought("2027-02-10", "B", "two"), *days)) == 4


def test_a_mail_that_was_cancelled_offered_nothing() -> None:
    from nurture.decide.advance import advance

    book = world(ladder=MANY)
    life = lived(book, *asked("2027-01-05"), end="2027-01-10 10:00")
    person = life.person
    person = replace(person, messages=tuple(replace(m, cancelled=True) for m in person.messages))
    (again,) = asked("2027-01-12")
    now = w.utc("2027-01-12 13:00")
    assert [i.offered for i in advance(book, person, now, [again]).intents] == ["beans.one"]


def test_an_offer_without_a_rung_keeps_nobodys_place() -> None:
    limits = (replace(w.RULES.limits[1], most=1),)
    rules = replace(RULES, limits=limits)
    books = w.sequence(
        "books", w.DELIVERED, [w.send("news_mail", valid_for=w.length("1 day"))], again=w.Again(per="event")
    )
    for ladder, kept in ((MANY, True), (replace(MANY, rungs=()), False)):
        steps = (w.wait("1 day", time(17)), offer(fixed=True))
        asks = world(*steps, ladder=ladder, rules=rules, priority=90).sequences["offers"]
        asks = replace(asks, class_="offer")
        book = replace(w.book(asks, books, rules=rules), house=House(ladders=(ladder,)))
        news = w.event("order.delivered", "2027-01-06 09:00", order_id="A")
        life = lived(book, *asked("2027-01-05"), news, end="2027-01-10 10:00")
        assert ("news_mail" not in [i.mail for i in life.intents]) is kept


def test_the_starter_ladder_after_a_first_bag() -> None:
    """language.md 5.3 and 10: a day 18 of content, the sampler four days later."""
    steps = (
        w.until_day(18), w.send("storing_beans"), w.wait("4 days"), offer(if_muted="skip"),
    )  # fmt: skip
    second = w.sequence(
        "second_bag",
        w.EventTrigger(place=w.HERE, event="order.placed"),
        steps,
        again=w.Again(per="event.order_id", running="restart"),
    )
    book = replace(w.book(second), house=House(ladders=(BEANS,)))
    events = [*w.reachable(w.utc("2027-03-01 13:00")), bought("2027-03-01", "A1")]
    events[-1] = replace(events[-1], happened_at=w.utc("2027-03-01 13:20"), known_at=w.utc("2027-03-01 13:20"))
    life = w.live(book, w.newborn(at=w.utc("2027-03-01 12:00")), events, "2027-03-25 10:00")
    assert life.mails == [("2027-03-19 10:00", "storing_beans"), ("2027-03-23 10:00", "next_bag_offer")]
    assert life.intents[-1].offered == "beans.sampler"
