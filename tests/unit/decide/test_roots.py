"""What conditions read of an enrolment: its steps, gifts, ladders, its thing, numbers (language.md 7)."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from nurture.decide.advance import advance
from nurture.decide.conditions import evaluate, facts_named
from nurture.decide.draft import Draft
from nurture.decide.scene import Scene
from nurture.model import event as names
from nurture.model.catalogue import Field, Numbers, Thing
from nurture.model.event import Event, Line
from nurture.model.expression import Compare, Condition, Kind, Literal, Name
from nurture.model.house import House, LadderRule, Rung
from nurture.model.person import Enrolment, Message, Outcome, Person, Reserved
from nurture.model.sequence import StopRule
from nurture.model.step import Arm, Branch, WaitEvent, WaitUntil
from nurture.model.trigger import Again, ManualTrigger
from tests import worlds as w
from tests.worlds import JOINED, event, length, live, newborn, reachable, send, sequence, utc, wait

AT = utc("2027-03-04 13:00")
NOW = utc("2027-03-10 13:00")
THING = Thing(
    "subscription", "subscription_id", {"renews_on": Field("renews_on", "day"), "price": Field("price", "number")}
)
CATALOGUE = replace(w.CATALOGUE, things={"subscription": THING}, numbers={"cups": Numbers("cups", {}, "week")})
BEANS = LadderRule("beans", (Rung("big_bag", "The big bag", None, ("bag",)),), "order.placed", length("21 days"))
BOOK = replace(w.book(), catalogue=CATALOGUE, house=House(ladders=(BEANS,)))
MAIL = Message("k", "s", "1", "offer", "offer", "offer", "offers", AT, AT, AT.date(), offered="beans.big_bag")


def inside(**more: object) -> Enrolment:
    return replace(Enrolment("s", "1", 1, 0, AT, AT.date(), step=None), **more)  # type: ignore[arg-type]


def read(path: str, kind: Kind, enrolment: Enrolment | None = None, person: Person | None = None) -> object:
    draft = Draft(BOOK, person or newborn())
    scene = Scene(BOOK, draft, NOW, draft.clock, enrolment=enrolment if enrolment is not None else inside())
    return evaluate(Name(tuple(path.split(".")), kind), scene)


# --- steps ---------------------------------------------------------------------------------------


def test_a_step_says_what_came_of_it_when_and_which_way() -> None:
    gone = inside(outcomes=(Outcome("test", "one", AT), Outcome("test", "two", NOW, 2)))
    assert read("steps.test.way", Kind.text, gone) == "two"
    assert read("steps.test.outcome", Kind.text, gone) == "two"
    assert read("steps.test.at", Kind.moment, gone) == NOW
    assert read("steps.other.way", Kind.text, gone) is None


def test_a_click_is_known_only_of_a_mail_that_went() -> None:
    assert read("steps.offer.clicked", Kind.bool) is None
    assert read("steps.offer.clicked", Kind.bool, person=replace(newborn(), messages=(MAIL,))) is False
    clicked = replace(MAIL, clicked_at=NOW)
    assert read("steps.offer.clicked", Kind.bool, person=replace(newborn(), messages=(clicked,))) is True
    assert (
        read("steps.offer.clicked", Kind.bool, person=replace(newborn(), messages=(replace(MAIL, cancelled=True),)))
        is None
    )
    assert read("steps.offer.clicked", Kind.bool, inside(subject="2"), replace(newborn(), messages=(clicked,))) is None


def test_a_mail_of_a_step_that_was_renamed_is_still_its_mail() -> None:
    renamed = sequence("s", JOINED, [send("invitation", "offer", was="offer", lineage="offer")])
    book, person = w.book(renamed), replace(newborn(), messages=(replace(MAIL, clicked_at=NOW),))
    draft = Draft(book, person)
    scene = Scene(book, draft, NOW, draft.clock, enrolment=inside())
    assert evaluate(Name(("steps", "invitation", "clicked"), Kind.bool), scene) is True
    assert evaluate(Name(("steps", "other", "clicked"), Kind.bool), scene) is None


# --- gifts ---------------------------------------------------------------------------------------

RESERVED = Reserved("r", "present", "bag", "waiting", AT, worth=Decimal(9))
GIVEN = replace(RESERVED, state="given", code="BDAY-1", expires_on=date(2027, 4, 1), given_at=AT)


@pytest.mark.parametrize(
    ("gifts", "given", "used", "code", "expires"),
    [
        ((), False, None, None, None),
        ((RESERVED,), False, None, None, None),
        ((GIVEN,), True, False, "BDAY-1", date(2027, 4, 1)),
        ((replace(GIVEN, used_at=NOW),), True, True, "BDAY-1", date(2027, 4, 1)),
        ((GIVEN, RESERVED), False, None, None, None),  # of a second round: the newest counts
    ],
)
def test_a_gift_exists_once_it_was_given(
    gifts: tuple[Reserved, ...], given: bool, used: bool | None, code: str | None, expires: date | None
) -> None:
    one = inside(gifts=gifts)
    assert read("gifts.present.given", Kind.bool, one) is given
    assert read("gifts.present.used", Kind.bool, one) is used
    assert read("gifts.present.code", Kind.text, one) == code
    assert read("gifts.present.expires_on", Kind.day, one) == expires


# --- ladders -------------------------------------------------------------------------------------


def bought(at: str, product: str) -> Event:
    return event("order.placed", at, order_id=at, lines=(Line(product),))


@pytest.mark.parametrize(
    ("orders", "taken"),
    [
        ((), False),
        ((bought("2027-03-05 10:00", "bag"),), True),
        ((bought("2027-03-05 10:00", "cup"),), False),
        ((bought("2027-03-04 12:00", "bag"),), False),  # before the mail
        ((bought("2027-03-25 13:00", "bag"),), True),  # the last moment of 21 days
        ((bought("2027-03-25 13:01", "bag"),), False),
    ],
)
def test_a_rung_is_taken_by_its_product_in_its_time(orders: tuple[Event, ...], taken: bool) -> None:
    person = replace(newborn(), messages=(MAIL,), events=orders)
    assert read("ladders.offer.taken", Kind.bool, person=person) is taken
    assert read("ladders.offer.rung", Kind.text, person=person) == "big_bag"
    assert read("ladders.offer.rung", Kind.text) is None
    assert read("ladders.offer.taken", Kind.bool) is None


# --- things and numbers ---------------------------------------------------------------------------


def thing(at: str, key: str = "S1", **fields: object) -> Event:
    return event(names.THING_CHANGED, at, thing="subscription", key=key, fields=fields)


def test_a_thing_is_the_one_that_the_enrolment_is_about() -> None:
    told = [
        thing("2027-03-01 10:00", price=9),
        thing("2027-03-01 11:00", "S2", price=19),
        thing("2027-03-02 10:00", renews_on=date(2027, 4, 1)),
    ]
    person = advance(BOOK, newborn(), NOW, told).person
    assert read("subscription.price", Kind.number, inside(thing="S1"), person) == 9
    assert read("subscription.renews_on", Kind.day, inside(thing="S1"), person) == date(2027, 4, 1)
    assert read("subscription.price", Kind.number, inside(thing="S2"), person) == 19
    assert read("subscription.price", Kind.number, inside(), person) is None


def test_none_makes_a_field_unknown_and_a_thing_can_go() -> None:
    person = advance(
        BOOK, newborn(), NOW, [thing("2027-03-01 10:00", price=9), thing("2027-03-02 10:00", price=None)]
    ).person
    assert read("subscription.price", Kind.number, inside(thing="S1"), person) is None
    removed = event(names.THING_REMOVED, "2027-03-03 10:00", thing="subscription", key="S1")
    assert advance(BOOK, newborn(), NOW, [thing("2027-03-01 10:00", price=9), removed]).person.things == {
        "subscription": {}
    }


def test_numbers_are_known_for_a_week_from_when_they_were_told() -> None:
    def told(at: str, known: str | None = None, brewed: int = 5) -> Event:
        return event(names.NUMBERS_TOLD, at, known, numbers="cups", fields={"brewed": brewed})

    def known(*events: Event) -> object:
        return read("numbers.cups.brewed", Kind.number, person=advance(BOOK, newborn(), NOW, events).person)

    assert known(told("2027-03-03 13:01")) == 5
    assert known(told("2027-03-03 13:00")) is None  # a week ago to the minute
    assert known() is None
    assert known(told("2027-03-08 10:00", brewed=7), told("2027-03-07 10:00", "2027-03-09 10:00", brewed=3)) == 7


def test_a_wait_until_a_thing_s_date_follows_it() -> None:
    step = WaitUntil(id="until", place=w.HERE, path=("subscription", "renews_on"), minus=length("3 days"), at=time(10))
    renewal = sequence(
        "renewal", ManualTrigger(place=w.HERE), [step, send("notice", "service")], again=Again(per="person")
    )
    book = replace(w.book(renewal), catalogue=CATALOGUE)
    began = event(names.PERSON_ENROLLED, "2027-03-02 10:00", sequence="renewal")
    start = advance(
        book, newborn(), utc("2027-03-01 12:00"), [*reachable(), thing("2027-03-01 10:00", renews_on=date(2027, 4, 1))]
    )
    entered = advance(book, start.person, utc("2027-03-02 10:00"), [began])
    # started by hand it is about no thing: its date is not known, and it says so
    assert [e.ending for e in entered.person.enrolments] == ["no longer fits: unknown: subscription.renews_on"]
    about = replace(entered.person.enrolments[0], thing="S1", ended_at=None, ending="", due_at=None, step="until")
    person = replace(entered.person, enrolments=(about,))
    moved = live(book, person, [thing("2027-03-10 10:00", renews_on=date(2027, 4, 11))], "2027-05-01")
    assert moved.mails == [("2027-04-08 10:00", "notice")]


# --- event.* -------------------------------------------------------------------------------------


def test_event_is_what_was_last_looked_at() -> None:
    """Before any wait what began it; after an answer that; after silence nothing."""

    def ways(name: str, *conditions: Condition) -> Branch:
        arms = [Arm(asked, (send(f"{name}_{number}", "service"),), w.HERE) for number, asked in enumerate(conditions)]
        return Branch(id=name, place=w.HERE, arms=(*arms, Arm(None, (send(f"{name}_none", "service"),), w.HERE)))

    source = w.condition("event.source == 'fair'", event="subscriber.joined")
    stars = w.condition("event.stars >= 4", event="review.posted")
    wait = WaitEvent(id="wait", place=w.HERE, events=("review.posted",), up_to=length("2 days"))
    book = w.book(
        sequence("s", JOINED, [ways("before", source), wait, ways("after", stars, source)], again=Again(per="person"))
    )
    began = [*reachable(), event("subscriber.joined", "2027-03-04 13:00", source="fair")]
    answered = live(book, newborn(), [*began, event("review.posted", "2027-03-05 10:00", stars=5)], "2027-04-01")
    silent = live(book, newborn(), began, "2027-04-01")
    assert [mail for _, mail in answered.mails] == ["before_0", "after_0"]
    assert [mail for _, mail in silent.mails] == ["before_0", "after_none"]


def test_a_theme_can_be_wanted_again() -> None:
    told = [event(names.THEME_SPARED, "2027-03-01 10:00", theme="mothers_day")]
    assert advance(BOOK, newborn(), NOW, told).person.spared == {"mothers_day"}
    told.append(event(names.THEME_WANTED, "2027-03-02 10:00", theme="mothers_day"))
    assert advance(BOOK, newborn(), NOW, told).person.spared == frozenset()


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("subscription.price", thing("2027-03-05 10:00", price=30)),
        ("numbers.cups", event(names.NUMBERS_TOLD, "2027-03-05 10:00", numbers="cups", fields={"brewed": 30})),
    ],
)
def test_a_stop_on_a_thing_or_a_number_is_asked_when_it_changes(root: str, told: Event) -> None:
    path = root if root.startswith("subscription") else f"{root}.brewed"
    price = Name(tuple(path.split(".")), Kind.number)
    asked = Condition(f"{path} > 20", Compare(">", price, Literal(20, Kind.number)), w.HERE)
    manual = ManualTrigger(place=w.HERE)
    stopping = sequence(
        "s", manual, [wait("10 days"), send("bye", "service")], again=Again(per="person"),
        stop_when=(StopRule(condition=asked),),
    )  # fmt: skip
    book = replace(w.book(stopping), catalogue=CATALOGUE)
    assert root in facts_named(asked.root)
    began = [*reachable(), thing("2027-03-01 10:00", price=9), event(names.PERSON_ENROLLED, AT, sequence="s")]
    start = live(book, newborn(), began, "2027-03-05 00:00").person
    about = replace(start, enrolments=tuple(replace(one, thing="S1") for one in start.enrolments))
    assert w.endings(live(book, about, [told], "2027-04-01")) == [f"stopped: {path} > 20"]
    assert w.endings(live(book, about, [], "2027-04-01")) == ["finished"]
