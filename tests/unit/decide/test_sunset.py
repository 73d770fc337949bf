"""The rule `sunset`: whom it spares which mails, what counts as an act of their own, and that acting ends it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.decide.advance import advance
from nurture.decide.consent import refusal
from nurture.decide.draft import Draft
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue, OrderRule
from nurture.model.decision import Why
from nurture.model.event import MAIL_REPLIED, Event
from nurture.model.length import Length, Unit
from nurture.model.person import Consent, Message, Orders, Person
from nurture.model.rules import Sunset
from tests import worlds as w

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = Sunset(Length(365, Unit.day), 10)
LONG_AGO = NOW - 700 * DAY


def book(rule: Sunset | None = RULE) -> Book:
    made = w.book()
    return replace(made, rules=replace(made.rules, zone="UTC", sunset=rule))


def mail(number: int, at: datetime, class_: str = "news", clicked: datetime | None = None) -> Message:
    return Message(f"k{number}", "s", "", "m", "m", class_, "tips", at, at, at.date(), clicked_at=clicked)


def silent(mails: int = 12, every: int = 30, **more: object) -> Person:
    """Somebody who agreed long ago, had so many mails since, and did nothing."""
    had = tuple(mail(number, NOW - every * DAY * (mails - number)) for number in range(mails))
    consents = {"tips": Consent(True, LONG_AGO)}
    return Person("p", NOW, {"zone": "UTC"}, address="a@b.example", consents=consents, messages=had, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Planned:
    """A mail that was decided, as far as it matters here."""

    class_: str = "news"
    key: str = ""
    topic: str = "tips"
    theme: str = ""


def why(person: Person, class_: str = "news", now: datetime = NOW, rule: Sunset | None = RULE, key: str = "") -> str:
    found = refusal(Draft(book(rule), person), Planned(class_, key), now)
    return found[0].value if found else ""


def test_who_had_enough_mails_and_did_nothing_for_a_year_gets_no_news_and_no_offers() -> None:
    assert why(silent()) == why(silent(), "offer") == Why.sunset.value
    assert why(silent(), "care") == why(silent(), "service") == why(silent(), "celebration") == ""
    found = refusal(Draft(book(), silent()), Planned(), NOW)
    assert found is not None
    assert found[1] == "12 mails, and nothing of their own since 1 April 2025"


def test_without_the_rule_nothing_ends() -> None:
    assert why(silent(100, 5), rule=None) == ""


def test_it_needs_as_many_mails_and_as_long_a_time_as_the_rule_says() -> None:
    assert why(silent(9)) == ""
    assert why(silent(10)) == Why.sunset.value
    for days, word in ((364, ""), (365, Why.sunset.value)):
        assert why(replace(silent(13), consents={"tips": Consent(True, NOW - days * DAY)})) == word


ACTS = {
    "clicked": lambda p, at: replace(p, messages=(*p.messages, mail(50, at, clicked=at))),
    "wrote": lambda p, at: replace(p, wrote_at=at),
    "ordered": lambda p, at: replace(p, orders=Orders((at.date(),), at, at)),
    "agreed": lambda p, at: replace(p, consents={"tips": Consent(True, at)}),
}


@pytest.mark.parametrize("act", ACTS)
def test_any_act_of_their_own_ends_it_and_a_year_and_ten_mails_later_it_begins_anew(act: str) -> None:
    acted = ACTS[act](silent(), NOW - DAY)
    assert why(acted) == ""
    later = NOW + 370 * DAY
    assert why(acted, now=later) == "", "they had no ten mails since"
    more = tuple(mail(200 + number, NOW + number * 30 * DAY) for number in range(11))
    assert why(replace(acted, messages=(*acted.messages, *more)), now=later) == Why.sunset.value


def test_service_and_what_never_went_count_for_no_mail() -> None:
    person = silent()
    service = tuple(replace(one, class_="service") for one in person.messages)
    assert why(replace(person, messages=service)) == ""
    assert why(replace(person, messages=tuple(replace(one, cancelled=True) for one in person.messages))) == ""


def test_a_mail_that_was_decided_does_not_count_itself_at_its_last_look() -> None:
    person = silent(10)
    newest = person.messages[-1]
    assert why(person, key=newest.key) == ""


def test_a_letter_of_a_person_is_remembered_and_one_of_a_machine_is_not() -> None:
    def told(kind: str) -> Person:
        event = Event("e", MAIL_REPLIED, NOW - DAY, NOW - DAY, 1, {"key": "k1", "kind": kind})
        return advance(book(), replace(silent(), asof=NOW - 2 * DAY), NOW, [event]).person

    assert why(told("question")) == ""
    assert why(told("automatic")) == Why.sunset.value


def test_what_the_catalogue_watches_of_them_is_an_act_and_what_the_shop_does_is_none() -> None:
    rule = OrderRule("order.placed", "order_id", ("order.refunded",))
    catalogue = Catalogue(
        events={name: {} for name in ("order.placed", "order.refunded", "order.delivered", "review.posted")},
        orders=rule,
        done_by_shop=frozenset({"order.delivered"}),
    )
    made = replace(book(), catalogue=catalogue)
    for name, spared in (("review.posted", False), ("order.delivered", True), ("order.refunded", True)):
        event = Event("e", name, NOW - DAY, NOW - DAY, 1, {"order_id": "A1"})
        person = advance(made, replace(silent(), asof=NOW - 2 * DAY), NOW, [event]).person
        assert (refusal(Draft(made, person), Planned(), NOW) is not None) == spared, name


@given(st.lists(st.tuples(st.integers(0, 800), st.booleans()), max_size=30))
def test_whoever_clicked_within_the_year_is_never_left_alone(days: list[tuple[int, bool]]) -> None:
    had = tuple(
        mail(number, NOW - day * DAY, clicked=NOW - day * DAY if clicked else None)
        for number, (day, clicked) in enumerate(days)
    )
    person = replace(silent(), messages=had)
    recent = any(clicked and day < 365 for day, clicked in days)
    if recent or len(days) < 10:
        assert why(person) == ""
