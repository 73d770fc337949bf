"""Random books with random people inside, for the laws of the core."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from hashlib import sha256

from hypothesis import strategies as st

from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.catalogue import Limit
from nurture.model.decision import Carried, Decision, Intent
from nurture.model.event import Event, Line, Money, MonthDay
from nurture.model.house import NOTHING_GIVEN, Budget, House, LadderRule, Present, Rung
from nurture.model.person import Person
from nurture.model.rules import Balance, Moment, Rules, Span
from nurture.model.sequence import Goal, Sequence, StopRule
from nurture.model.trigger import (
    Again,
    AnyTrigger,
    DayTrigger,
    EventTrigger,
    EveryTrigger,
    HolidayTrigger,
    LapseTrigger,
    OnceTrigger,
    StageTrigger,
)
from tests import worlds as w
from tests.drawing import Dice, between, drawn, one_of
from tests.random_steps import BORN, VIP_SINCE, steps
from tests.random_triggers import OBSERVED, OUR_DAYS, SILENCE, clocked, day_of, feast, told

START = w.utc("2027-02-20 06:00")
END = w.utc("2027-05-20 06:00")
EVENTS = (
    "subscriber.joined", "order.placed", "order.placed", "order.delivered", "order.cancelled", "complaint.opened",
    "complaint.resolved", "review.posted",
)  # fmt: skip
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "nowhere", None)


GIFT_WORDS = (names.GIFT_GIVEN, names.GIFT_GIVEN, names.GIFT_GIVEN, names.GIFT_REFUSED)
LADDER = LadderRule(
    "beans",
    (
        Rung("one", "One", None, ("one",)),
        Rung("two", "Two", w.condition("person.orders.count >= 1"), ("two",)),
        Rung("three", "Three", None, ("three",)),
    ),
    "order.placed", w.length("4 days"), w.length("20 days"), 2,
)  # fmt: skip
MOMENTS = (
    Moment("telling", "Telling", w.condition("count('review.posted', within='9 days') >= 1")),
    Moment("waiting", "Waiting", w.condition("days_until(person.vip_since) in [0, 1, 2]")),
)


@dataclass(frozen=True)
class World:
    """One book, one person and what happens to them."""

    book: Book
    person: Person
    events: tuple[Event, ...]

    @cached_property
    def life(self) -> w.Life:
        """As it is lived to the end: once, however many laws ask."""
        return self.live()

    def live(self, **more: object) -> w.Life:
        return w.live(self.book, self.person, self.events, END, answers=replies, **more)  # type: ignore[arg-type]


def replies(decision: Decision) -> list[Event]:
    """What the shop and the reader answer, each in its own time, or never: the keys decide, so every life is alike."""
    found = [_reply(names.TASK_DONE, one.key, one.made_at, hours=4, never=3, by="lena") for one in decision.tasks]
    found += [_reply(names.WEBHOOK_ANSWERED, one.key, one.made_at, hours=1, never=4) for one in decision.webhooks]
    drafts = [one for one in decision.intents if one.approve]
    found += [_reply(names.DRAFT_SETTLED, one.key, one.decided_at, hours=2, never=5) for one in drafts]
    found += [_reply(names.MAIL_CLICKED, one.key, one.decided_at, hours=1, never=2) for one in decision.intents]
    found += [_drawn(one, carried) for one in decision.intents for carried in one.gifts]
    return [event for event in found if event is not None]


def _drawn(mail: Intent, carried: Carried) -> Event | None:
    """What the store says of a gift that a mail carries: mostly given, sometimes out of codes, or not handed over."""
    name = GIFT_WORDS[int(carried.key[:6], 16) % len(GIFT_WORDS)]
    said = {"gift": carried.gift, "mail": mail.key, "code": f"B-{carried.key[:6]}", "because": "out_of_codes"}
    told = _reply(name, mail.key, mail.decided_at, hours=1, never=9, **said)
    return replace(told, fields={**told.fields, "key": carried.key}) if told is not None else None


def _reply(name: str, key: str, asked: datetime, *, hours: int, never: int, **fields: object) -> Event | None:
    dice = int(sha256(f"{name} {key}".encode()).hexdigest()[:6], 16)
    if dice % never == 0:
        return None
    happened = asked + timedelta(minutes=1 + dice % (hours * 60 * 24))
    known = happened + timedelta(hours=dice // 7 % 30) * (dice % 2)
    told = {"ok": dice % 5 > 0, "value": "AE", "outcome": ("approved", "edited", "dropped")[dice % 3], "key": key}
    return Event(f"{name}-{key[:12]}", name, happened, known, 1_000_000 + dice, {**told, **fields})


def _house(dice: Dice) -> House:
    """Gifts with all kinds of limits, and a ladder that soon closes."""
    most = one_of(dice, (1, w.length("20 days")), None, (2, w.length("1 month")))
    return replace(
        one_of(dice, NOTHING_GIVEN, OUR_DAYS),
        gifts=(
            Present("bag", Money(Decimal(9), "EUR"), make="B-{8}", each_person=most, valid=w.length("21 days")),
            Present("card", Money(Decimal(3), "EUR"), make="C-{8}", kind="perk"),
        ),
        budget_each=one_of(dice, None, Budget(Decimal(12), "EUR", w.length("30 days"))),
        ladders=(LADDER,),
    )


def any_trigger(dice: Dice) -> AnyTrigger:
    """Mostly what happens to people, so that sequences meet; beside it what the clock and the calendar start."""
    return one_of(dice, _happening, _happening, feast, clocked)(dice)


def _happening(dice: Dice) -> AnyTrigger:
    kind = one_of(dice, "event", "event", "event", "birthday", "day", "lapse", "rhythm", "stage")
    if kind == "event":
        name = one_of(dice, "subscriber.joined", "order.placed", "order.delivered", "review.posted")
        return EventTrigger(place=w.HERE, event=name)
    if kind == "birthday":
        lead = one_of(dice, None, w.length("3 days"), w.length("7 days"))
        return DayTrigger(place=w.HERE, path=BORN, yearly=True, lead=lead)
    if kind == "day":
        return DayTrigger(place=w.HERE, path=VIP_SINCE, lead=one_of(dice, None, w.length("3 days")))
    if kind == "lapse":
        return LapseTrigger(place=w.HERE, event="order.placed", length=w.length(one_of(dice, "5 days", "20 days")))
    if kind == "rhythm":
        return LapseTrigger(place=w.HERE, event="order.placed", rhythm=2, if_unknown=w.length("15 days"))
    return StageTrigger(place=w.HERE, stage=one_of(dice, "vip", "again", "buying", "telling", "waiting"))


PER = {EventTrigger: "event", DayTrigger: "occurrence", HolidayTrigger: "occurrence", EveryTrigger: "occurrence"}


def _sequence(dice: Dice, name: str, started_by: Callable[[Dice], AnyTrigger]) -> Sequence:
    trigger = started_by(dice)
    per = PER.get(type(trigger), "person")
    start: tuple[AnyTrigger, ...] = (trigger,)
    if one_of(dice, False, False, False, True):
        start = (trigger, started_by(dice))
        per = one_of(dice, "event", "event", "person", "event.order_id")
    again = Again(
        per=per,
        running=one_of(dice, "ignore", "restart", "queue", "alongside"),
        gap=one_of(dice, None, None, w.length("10 days")),
        limit=one_of(dice, None, None, (2, w.length("1 month"))),
    )
    return w.sequence(
        name, start, steps(dice, name), again=again, priority=between(dice, 30, 60),
        while_=one_of(dice, None, None, ASKED),
        stop_when=one_of(dice, (), (), (StopRule("complaint.opened"),)),
        goal=one_of(dice, None, None, Goal("order.placed", w.length("20 days"))),
        spread=one_of(dice, None, w.length("4 hours")) if isinstance(trigger, OnceTrigger) else None,
        stage=one_of(dice, (), (), ("buying", "again")) if isinstance(trigger, EveryTrigger) else (),
        hold_out=one_of(dice, 0, 0, 0, 0, 50),
    )  # fmt: skip


def _rules(dice: Dice) -> Rules:
    monthly = one_of(dice, None, Limit(2, per="month"), Limit(1, per="month", classes=frozenset({"news"})))
    return replace(
        w.RULES,
        quiet_hours=one_of(dice, w.RULES.quiet_hours, Span(time(22), time(6)), Span(time(12), time(13))),
        min_gap=one_of(dice, None, w.length("18 hours"), w.length("6 hours")),
        limits=(
            *one_of(dice, (Limit(1, per="day"),), (Limit(1, per="day"),), (Limit(1, per="day"),), ()),
            *_weekly(between(dice, 1, 3), one_of(dice, False, False, True)),
            *((monthly,) if monthly else ()),
            Limit(1, within=w.length("14 days"), classes=frozenset({"offer"})),
        ),
        silence=one_of(dice, None, None, None, SILENCE),
        balance=one_of(dice, None, None, Balance(1, 2, w.length("30 days")), Balance(2, 1, w.length("10 days"))),
        hold_out=one_of(dice, *[0] * 11, 100),
    )


def _weekly(most: int, by_calendar: bool) -> tuple[Limit, ...]:
    """So many in any seven dates; sometimes also one from Monday to Sunday, which lets more through at its edges."""
    rolling = Limit(most, within=w.length("7 days"))
    return (rolling, Limit(1, per="week")) if by_calendar else (rolling,)


def _history(dice: Dice, sequences: list[Sequence]) -> tuple[Event, ...]:
    """What happens: mostly what starts something, and soon, so that sequences meet; a few answers come later."""
    starting = [trigger.event for s in sequences for trigger in s.start if isinstance(trigger, EventTrigger)] * 8
    events: list[Event] = []
    if one_of(dice, *[True] * 9, False):  # the simplest first: somebody to be reached
        events += w.reachable(START)
    events += [_happened(dice, (*starting, *EVENTS), 12) for _ in range(between(dice, 12, 16))]
    events += [_happened(dice, ANSWERS, 40) for _ in range(between(dice, 1, 4))]
    for _ in range(between(dice, 0, 2)):
        events.append(_change(dice, START + timedelta(hours=between(dice, 0, 80 * 24))))
    return tuple(events)


def _happened(dice: Dice, names_of: tuple[str, ...], days: int) -> Event:
    """Something within so many days, known at once or later."""
    at = START + timedelta(minutes=between(dice, 0, days * 24 * 12) * 5)
    known = at + timedelta(minutes=one_of(dice, 0, 0, 0, 1, 600, 5_000))
    order = one_of(dice, "A", "B", "C")
    lines = one_of(dice, (), (Line("one"),), (Line("two"), Line("one")))
    return w.event(one_of(dice, *names_of), at, known, order_id=order, ticket=order, stars=5, lines=lines)


def _change(dice: Dice, at: datetime) -> Event:
    """One thing that is learned about a person, or that they decide."""
    kind = one_of(dice, *[*CHANGES] * 3, names.ERASED)
    known = CHANGES[kind](dice) if kind in CHANGES else {}
    return w.event(kind.partition(" ")[0], at, **known)


def _birthday(dice: Dice) -> object:
    day = day_of(dice)
    return one_of(dice, MonthDay(day.month, day.day), day.replace(year=1991))


def _tags(dice: Dice) -> dict[str, object]:
    return {"tags": one_of(dice, ("do_not_ask",), ("sleeping",))}


def _topics(dice: Dice) -> dict[str, object]:
    return {"topics": one_of(dice, (), ("tips",), ("offers",))}


ANSWERS = ("review.posted", "review.posted", "order.placed")
ASKED = w.condition("not has_tag('do_not_ask')")
CHANGES: dict[str, Callable[[Dice], dict[str, object]]] = {
    f"{names.PERSON_CHANGED} zone": lambda dice: {"facts": {"zone": one_of(dice, *ZONES)}},
    f"{names.PERSON_CHANGED} birthday": lambda dice: {"facts": {"birthday": _birthday(dice)}},
    f"{names.PERSON_CHANGED} vip_since": lambda dice: {"facts": {"vip_since": day_of(dice)}},
    names.PERSON_TAGGED: _tags,
    names.PERSON_UNTAGGED: _tags,
    names.CONSENT_REFUSED: _topics,
    names.CONSENT_LIFTED: _topics,
    names.THEME_SPARED: lambda _: {"theme": "mothers_day"},
    names.ADDRESS_STATE: lambda _: {"state": "hard"},
    names.SUPPRESSED: lambda _: {"because": "asked"},
    **told(),
}


def world(dice: Dice, started_by: Callable[[Dice], AnyTrigger] = any_trigger) -> World:
    """A book of three to five sequences, all started by what is asked for, and one person's three months."""
    sequences = [_sequence(dice, f"s{one}", started_by) for one in range(between(dice, 3, 5))]
    known: dict[str, object] = {"zone": one_of(dice, *ZONES), "country": one_of(dice, "FR", "US", None)}
    if one_of(dice, False, True):
        known["birthday"] = _birthday(dice)
    if one_of(dice, False, True):
        known["vip_since"] = day_of(dice)
    if one_of(dice, False, True):
        known["observes"] = one_of(dice, *OBSERVED)
    person = w.newborn("p1", START, **{name: value for name, value in known.items() if value is not None})
    book = replace(w.book(*sequences, rules=_rules(dice)), moments=one_of(dice, (), MOMENTS), house=_house(dice))
    return World(book, person, _numbered(_history(dice, sequences)))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Worlds as Hypothesis draws them."""
    return world(drawn(draw))


def _numbered(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Counted within their world, so that the same world has the same keys and answers whenever it is drawn."""
    return tuple(replace(event, id=f"w{place:06d}", number=place) for place, event in enumerate(events))
