"""A `stop_when` without an event is asked whenever something it names changes (language.md 6.3), whatever that is."""

from dataclasses import replace

import pytest

from nurture.language.expressions import parse_condition
from nurture.model import event as names
from nurture.model.event import Event
from nurture.model.expression import Condition
from nurture.model.rules import Moment
from nurture.model.sequence import StopRule
from nurture.model.step import Tag
from nurture.model.trigger import EventTrigger
from tests import worlds as w
from tests.worlds import event, facts, live, newborn, reachable, send, sequence, wait

JOINED = EventTrigger(place=w.HERE, event="subscriber.joined")
DELIVERED = EventTrigger(place=w.HERE, event="order.delivered")
WARM = Moment("warm", "Warm", w.condition("count('review.posted', within='30 days') >= 1"))
SCOPE = replace(w.SCOPE, moments=frozenset({"warm"}), mails=frozenset({"hello", "guide"}))
STARTED = event("subscriber.joined", "2027-03-04 13:00")


def asked(text: str) -> Condition:
    found, problems = parse_condition(text, w.HERE, SCOPE)
    assert found is not None, problems
    return found


def ordered(at: str) -> Event:
    return event("order.placed", at, order_id=at, total=10)


def life(stop: str, *happening: Event, others: tuple[w.BookSequence, ...] = ()) -> w.Life:
    rule = StopRule(condition=asked(stop), place=w.HERE)
    welcome = sequence("welcome", JOINED, [wait("20 days"), send("hello")], stop_when=(rule,))
    book = replace(w.book(welcome, *others), moments=(WARM,))
    return live(book, newborn(), [*reachable(), STARTED, *happening], "2027-04-20")


def ending(lived: w.Life) -> tuple[str, str]:
    (found,) = (one for one in lived.person.enrolments if one.sequence == "welcome")
    assert found.ended_at is not None
    return found.ending, f"{found.ended_at:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("stop", "happening"),
    [
        ("person.country == 'FR'", facts("2027-03-10 12:00", country="FR")),
        ("person.birthday is known", facts("2027-03-10 12:00", birthday=w.utc("1991-05-14 00:00").date())),
        (
            "person.email == 'noa@example.net'",
            event(names.ADDRESS_ADDED, "2027-03-10 12:00", address="noa@example.net"),
        ),
        ("has_tag('sleeping')", event(names.PERSON_TAGGED, "2027-03-10 12:00", tags=("sleeping",))),
        ("person.orders.count == 1", ordered("2027-03-10 12:00")),
        ("person.stage == 'buying'", ordered("2027-03-10 12:00")),
        ("count('review.posted') >= 1", event("review.posted", "2027-03-10 12:00", stars=5)),
        ("has_moment('warm')", event("review.posted", "2027-03-10 12:00", stars=5)),
    ],
)
def test_it_acts_when_what_it_names_changes(stop: str, happening: Event) -> None:
    assert ending(life(stop, happening)) == (f"stopped: {stop}", "2027-03-10 12:00")
    assert ending(life(stop))[0] == "finished"


def test_a_mail_of_another_sequence_stops_it_the_moment_it_goes() -> None:
    other = sequence("parcel", DELIVERED, [send("guide", "care")])
    parcel = event("order.delivered", "2027-03-10 12:00")
    assert ending(life("got('guide')", parcel, others=(other,))) == ("stopped: got('guide')", "2027-03-10 12:10")
    assert ending(life("got('guide')", others=(other,)))[0] == "finished"


def test_its_own_mail_stops_it_too() -> None:
    assert ending(life("got('hello')"))[0] == "stopped: got('hello')"


def test_a_tag_that_a_step_of_another_sequence_gives_stops_it() -> None:
    other = sequence("parcel", DELIVERED, [Tag(id="tag_1", place=w.HERE, tags=("sleeping",))])
    parcel = event("order.delivered", "2027-03-10 12:00")
    assert ending(life("has_tag('sleeping')", parcel, others=(other,)))[1] == "2027-03-10 12:10"


def test_the_first_mail_of_an_instant_stops_the_second() -> None:
    rule = StopRule(condition=asked("got('hello')"), place=w.HERE)
    rules = replace(w.RULES, limits=(), min_gap=None)
    first = sequence("first", JOINED, [send("hello")], priority=90)
    second = sequence("second", JOINED, [send("guide")], priority=10, stop_when=(rule,))
    lived = live(w.book(first, second, rules=rules), newborn(), [*reachable(), STARTED], "2027-03-20")
    assert [mail for _, mail in lived.mails] == ["hello"]


def test_a_moment_that_asks_for_mails_holds_as_soon_as_one_went() -> None:
    greeted = Moment("greeted", "Greeted", asked("got('hello', within='30 days')"))
    book = replace(
        w.book(sequence("welcome", JOINED, [send("hello"), wait("5 days"), send("guide")])), moments=(greeted,)
    )
    lived = live(book, newborn(), [*reachable(), STARTED], "2027-03-06")
    assert lived.person.moments == {"greeted"}
