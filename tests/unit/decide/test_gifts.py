"""Gifts in the core: reserved, limited, carried by mails, given, refused and used (language.md 3, 6.11, 15)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Carried, Intent, Why
from nurture.model.event import Event, Money
from nurture.model.expression import Condition, Kind, Name
from nurture.model.house import Budget, House, Present
from nurture.model.sequence import Sequence
from nurture.model.step import Arm as BranchArm
from nurture.model.step import Branch, Gift
from tests import worlds as w

BAG = Present("bag", Money(Decimal(9), "EUR"), make="BDAY-{8}", valid=w.length("21 days"))
CODE, UNTIL = Name(("gifts", "present", "code"), Kind.text), Name(("gifts", "present", "expires_on"), Kind.day)
CARRYING = w.send("gift_mail", variables=(("code", CODE), ("until", UNTIL)))
RULES = replace(w.RULES, limits=(), min_gap=None, quiet_hours=None)
HOUSE = House(gifts=(BAG,))


def gift(**more: object) -> Gift:
    return Gift(id="present", place=w.HERE, gift="bag", **more)  # type: ignore[arg-type]


def world(*sequences: Sequence, house: House = HOUSE) -> Book:
    return replace(w.book(*sequences, rules=RULES), house=house)


def birthday(*steps: object, **more: object) -> Sequence:
    return w.sequence("birthday", w.JOINED, steps or (gift(), CARRYING), **more)  # type: ignore[arg-type]


def joined(*days: int) -> list[Event]:
    """Known, reachable, and joining on these days of March; with ids of their own, so that send keys stay the same."""
    events = w.reachable(w.utc("2027-03-01 08:00"))
    return events + [
        replace(w.event("subscriber.joined", f"2027-03-{day:02} 10:00"), id=f"joined-{day}") for day in days
    ]


def lived(book: Book, *days: int, more: tuple[Event, ...] = (), end: str = "2027-05-01 10:00") -> w.Life:
    person = w.newborn(at=w.utc("2027-03-01 08:00"))
    return w.live(book, person, [*joined(*(days or (2,))), *more], end)


def given(intent: Intent, at: str, **more: object) -> Event:
    """What the store writes when a mail that carries a gift is handed over."""
    (carried,) = intent.gifts
    fields = {
        "key": carried.key, "gift": carried.gift, "code": "BDAY-7K2M4QXA", "expires_on": date(2027, 3, 23),
        "mail": intent.key,
    }  # fmt: skip
    return w.event(names.GIFT_GIVEN, at, **(fields | more))


def refused(intent: Intent, at: str, because: str) -> Event:
    (carried,) = intent.gifts
    return w.event(
        names.GIFT_REFUSED, at, key=carried.key, gift=carried.gift, because=because, mail=intent.key
    )  # fmt: skip


def asks(path: str, expected: str) -> Condition:
    """`gifts.present.used == false` and the like, by its tree."""
    from nurture.model.expression import Compare, Literal

    name = Name(tuple(path.split(".")), Kind.bool)
    return Condition(f"{path} == {expected}", Compare("==", name, Literal(expected == "true", Kind.bool)), w.HERE)


def test_a_mail_carries_what_its_step_reserved_and_shows_no_code_before_it_is_handed_over() -> None:
    life = lived(world(birthday()))
    (intent,) = life.intents
    (reserved,) = life.person.enrolments[0].gifts
    assert intent.gifts == (Carried(reserved.key, "bag", "code", "until", w.length("21 days")),)
    assert intent.variables == {"code": None, "until": None}
    assert (reserved.state, reserved.worth) == ("waiting", Decimal(9))
    assert [(o.step, o.outcome) for o in life.person.enrolments[0].outcomes] == [
        ("present", "waiting"), ("gift_mail", "sent"),
    ]  # fmt: skip


def test_what_the_step_says_of_its_length_wins() -> None:
    (intent,) = lived(world(birthday(gift(valid=w.length("1 month")), CARRYING))).intents
    assert intent.gifts[0].valid == w.length("1 month")


def test_a_gift_that_was_given_is_known_also_after_the_end_and_can_be_used() -> None:
    book = world(birthday())
    (intent,) = lived(book).intents
    used = w.event(names.GIFT_USED, "2027-03-09 10:00", code="BDAY-7K2M4QXA")
    life = lived(book, more=(given(intent, "2027-03-02 10:11"), used))
    (reserved,) = life.person.enrolments[0].gifts
    assert (reserved.state, reserved.code, reserved.expires_on) == ("given", "BDAY-7K2M4QXA", date(2027, 3, 23))
    assert reserved.used_at == w.utc("2027-03-09 10:00")
    assert life.person.enrolments[0].outcomes[0].outcome == "given"
    assert [r.words for r in life.reasons if r.why is Why.gift] == ["bag waiting", "bag given"]


REMIND = w.send("remind", condition=asks("gifts.present.used", "false"))


@pytest.mark.parametrize(
    ("muted", "used", "wanted"), [(False, False, True), (False, True, False), (True, False, False)]
)
def test_nobody_is_reminded_of_a_gift_that_was_never_given_or_was_used(muted: bool, used: bool, wanted: bool) -> None:
    """Section 12.3: a muted birthday mail must not lead to a reminder."""
    book = world(birthday(gift(), CARRYING, w.wait("5 days"), REMIND))
    complaint = w.event("complaint.opened", "2027-03-01 12:00", ticket="T1")
    if muted:
        life = lived(book, more=(complaint,))
        assert [i.mail for i in life.intents] == []
        assert not life.person.enrolments[0].gifts[0].given_at
        return
    (intent, *_) = lived(book).intents
    more = [given(intent, "2027-03-02 10:11")]
    more += [w.event(names.GIFT_USED, "2027-03-03 10:00", code="BDAY-7K2M4QXA")] if used else []
    life = lived(book, more=tuple(more))
    assert ("remind" in [i.mail for i in life.intents]) is wanted


def test_before_it_is_given_a_gift_is_not_given_and_its_use_is_unknown() -> None:
    steps = (gift(), Branch(id="b", place=w.HERE, arms=(
        BranchArm(asks("gifts.present.given", "false"), (w.send("not_yet"),), w.HERE),
    )), w.send("no_reminder", condition=asks("gifts.present.used", "false")))  # fmt: skip
    assert [i.mail for i in lived(world(birthday(*steps))).intents] == ["not_yet"]


# Limits of one person


YEARLY = replace(BAG, each_person=(1, w.length("1 year")))


def test_one_a_year_counts_over_all_enrolments_also_ended_ones() -> None:
    book = world(birthday(), house=House(gifts=(YEARLY,)))
    life = lived(book, 2, 20)
    assert [i.mail for i in life.intents] == ["gift_mail"], "the first is on its way, though its enrolment has ended"
    _, second = life.person.enrolments
    assert second.gifts[0].state == "had_enough"
    assert life.why("gift_mail")[-1] == "had_enough: had enough of bag"
    reason = next(r for r in life.reasons if r.why is Why.gift and r.words == "bag had_enough")
    assert [(look.what, look.found, look.answer) for look in reason.looks] == [("bag: 1 per year", "had 1", "no")]


def test_a_mail_that_was_cancelled_uses_nothing_up() -> None:
    book = world(birthday(), house=House(gifts=(YEARLY,)))
    (intent,) = lived(book).intents
    life = lived(book, 2, 20, more=(refused(intent, "2027-03-02 10:11", "out_of_codes"),))
    assert [i.mail for i in life.intents] == ["gift_mail", "gift_mail"]


def test_a_year_later_there_is_one_again() -> None:
    book = world(birthday(), house=House(gifts=(replace(BAG, each_person=(1, w.length("10 days"))),)))
    first = given(lived(book).intents[0], "2027-03-02 10:11")
    assert len(lived(book, 2, 11, more=(first,)).intents) == 1
    assert len(lived(book, 2, 12, more=(first,)).intents) == 2
    assert len(lived(book, 2, 30).intents) == 1, "what is on its way counts for as long as it may be"


def test_the_budget_of_one_person_counts_the_cost_of_all_their_gifts() -> None:
    budget = Budget(Decimal(10), "EUR", w.length("1 year"))
    house = House(gifts=(replace(BAG, cost=Money(Decimal(4), "EUR")),), budget_each=budget)
    life = lived(world(birthday(), house=house), 2, 12, 20)
    assert len(life.intents) == 2
    assert life.person.enrolments[2].gifts[0].state == "over_budget"
    assert life.why("gift_mail")[-1].startswith("over_budget")


def test_who_has_had_enough_gets_the_mail_without_or_leaves_as_the_step_says() -> None:
    house = House(gifts=(replace(BAG, each_person=(0, w.length("1 year"))),))
    life = lived(world(birthday(gift(if_none="go_on"), CARRYING), house=house))
    assert [(i.mail, i.gifts) for i in life.intents] == [("gift_mail", ())]
    life = lived(world(birthday(gift(if_none="stop"), CARRYING, w.send("after")), house=house))
    assert (life.intents, w.endings(life)) == ((), ["stopped: bag had_enough"])
    life = lived(world(birthday(gift(), CARRYING, w.send("after")), house=house))
    assert [i.mail for i in life.intents] == ["after"], "by default only the mails that carry it are left out"


def test_a_mail_whose_gift_step_was_skipped_does_not_go() -> None:
    skipped = gift(condition=w.condition("person.orders.count >= 9"))
    life = lived(world(birthday(skipped, CARRYING)))
    assert life.intents == ()
    assert life.why("gift_mail") == ["not_asked: the gift 'present' was not reserved"]


# What the store says


def test_when_there_is_no_code_the_mail_is_cancelled_and_the_step_says_why() -> None:
    book = world(birthday(gift(), CARRYING, w.wait("2 days"), w.send("after")))
    intent = lived(book).intents[0]
    life = lived(book, more=(refused(intent, "2027-03-02 10:11", "out_of_codes"),))
    assert [(o.step, o.outcome) for o in life.person.enrolments[0].outcomes][:2] == [
        ("present", "out_of_codes"), ("gift_mail", "out_of_codes"),
    ]  # fmt: skip
    assert life.person.messages[0].cancelled
    assert [i.mail for i in life.intents] == ["gift_mail", "after"]
    stopping = world(birthday(gift(if_none="stop"), CARRYING, w.wait("2 days"), w.send("after")))
    life = lived(stopping, more=(refused(intent, "2027-03-02 10:11", "over_budget"),))
    assert w.endings(life) == ["stopped: bag over_budget"]


def test_a_gift_whose_mail_never_left_waits_for_another_mail() -> None:
    book = world(birthday(gift(), CARRYING, w.wait("2 days"), replace(CARRYING, id="again", mail="again")))
    intent = lived(book).intents[0]
    taken_back = refused(intent, "2027-03-03 10:00", "not_sent")
    life = lived(book, more=(given(intent, "2027-03-02 10:11"), taken_back))
    assert life.intents[1].gifts == intent.gifts
    kept = lived(book, more=(given(intent, "2027-03-02 10:11"),))
    assert kept.intents[1].gifts == (), "it is known by then"
    assert kept.intents[1].variables == {"code": "BDAY-7K2M4QXA", "until": date(2027, 3, 23)}


@pytest.mark.parametrize(
    ("kind", "tasks"), [("code", []), ("perk", ["Perk bag for Salma"]), ("parcel", ["Parcel bag for Salma"])]
)
def test_a_perk_and_a_parcel_make_a_task_for_the_owner_when_given(kind: str, tasks: list[str]) -> None:
    book = world(birthday(), house=House(gifts=(replace(BAG, kind=kind),)))
    person = w.newborn(at=w.utc("2027-03-01 08:00"), first_name="Salma")
    (intent,) = w.live(book, person, joined(2), "2027-05-01 10:00").intents
    life = w.live(book, person, [*joined(2), given(intent, "2027-03-04 23:30")], "2027-05-01 10:00")
    made = [task for decision in life.decisions for task in decision.tasks]
    assert [task.text for task in made] == tasks
    assert [(task.to, task.due_on) for task in made] == [("owner", date(2027, 3, 10))] * len(tasks), "Fri, Mon, Wed"


# Places kept


def test_a_wait_that_leads_over_a_gift_to_a_mail_keeps_its_place_unless_there_is_none_to_give() -> None:
    rules = replace(w.RULES, min_gap=None, quiet_hours=None)
    fixed = replace(CARRYING, class_="celebration", fixed=True)
    feast = w.sequence("feast", w.JOINED, [w.wait("3 days"), gift(), fixed])
    news = w.sequence("news", w.DELIVERED, [w.send("n1", valid_for=w.length("10 days"))], again=w.Again(per="event"))
    events = [w.event("order.delivered", f"2027-03-04 10:0{n}", order_id=f"A{n}") for n in range(3)]
    for most, kept in ((1, 2), (0, 3)):
        house = House(gifts=(replace(BAG, each_person=(most, w.length("1 year"))),))
        limits = (replace(w.RULES.limits[1], most=3),)
        book = replace(w.book(feast, news, rules=replace(rules, limits=limits)), house=house)
        life = lived(book, more=tuple(events), end="2027-03-05 09:00")
        assert len([i for i in life.intents if i.mail == "n1"]) == kept
