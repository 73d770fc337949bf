"""Random books with random people inside, for the laws of the core."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
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
from tests.random_steps import BORN, VIP_SINCE, steps
from tests.random_triggers import OBSERVED, OUR_DAYS, SILENCE, clocked, feasts, told

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


def _houses() -> st.SearchStrategy[House]:
    """Gifts with all kinds of limits, and a ladder that soon closes."""
    return st.builds(
        lambda days, most, budget: replace(
            days,
            gifts=(
                Present("bag", Money(Decimal(9), "EUR"), make="B-{8}", each_person=most, valid=w.length("21 days")),
                Present("card", Money(Decimal(3), "EUR"), make="C-{8}", kind="perk"),
            ),
            budget_each=budget,
            ladders=(LADDER,),
        ),
        st.sampled_from([NOTHING_GIVEN, OUR_DAYS]),
        st.sampled_from([(1, w.length("20 days")), None, (2, w.length("1 month"))]),
        st.sampled_from([None, Budget(Decimal(12), "EUR", w.length("30 days"))]),
    )


def _triggers() -> st.SearchStrategy[AnyTrigger]:
    """Mostly what happens to people, so that sequences meet; beside it what the clock and the calendar start."""
    return st.one_of(_happening(), _happening(), feasts(), clocked())


def _happening() -> st.SearchStrategy[AnyTrigger]:
    return st.one_of(
        st.sampled_from(["subscriber.joined", "order.placed", "order.delivered", "review.posted"]).map(
            lambda name: EventTrigger(place=w.HERE, event=name)
        ),
        st.sampled_from([None, w.length("3 days"), w.length("7 days")]).map(
            lambda lead: DayTrigger(place=w.HERE, path=BORN, yearly=True, lead=lead)
        ),
        st.sampled_from([None, w.length("3 days")]).map(
            lambda lead: DayTrigger(place=w.HERE, path=VIP_SINCE, lead=lead)
        ),
        st.sampled_from(["5 days", "20 days"]).map(
            lambda text: LapseTrigger(place=w.HERE, event="order.placed", length=w.length(text))
        ),
        st.just(LapseTrigger(place=w.HERE, event="order.placed", rhythm=2, if_unknown=w.length("15 days"))),
        st.sampled_from(["vip", "again", "buying", "telling", "waiting"]).map(
            lambda stage: StageTrigger(place=w.HERE, stage=stage)
        ),
    )


@st.composite
def _sequences(draw: st.DrawFn, name: str) -> Sequence:
    trigger = draw(_triggers())
    per = {
        EventTrigger: "event",
        DayTrigger: "occurrence",
        HolidayTrigger: "occurrence",
        EveryTrigger: "occurrence",
    }.get(type(trigger), "person")
    both = draw(st.sampled_from([False, False, False, True]))
    start = (trigger, draw(_triggers())) if both else (trigger,)
    if both:
        per = draw(st.sampled_from(["event", "event", "person", "event.order_id"]))
    again = Again(
        per=per,
        running=draw(st.sampled_from(["ignore", "restart", "queue", "alongside"])),
        gap=draw(st.sampled_from([None, None, w.length("10 days")])),
        limit=draw(st.sampled_from([None, None, (2, w.length("1 month"))])),
    )
    return w.sequence(
        name, start, draw(steps(name)), again=again, priority=draw(st.integers(30, 60)),
        while_=draw(st.sampled_from([None, None, w.condition("not has_tag('do_not_ask')")])),
        stop_when=draw(st.sampled_from([(), (), (StopRule("complaint.opened"),)])),
        goal=draw(st.sampled_from([None, None, Goal("order.placed", w.length("20 days"))])),
        spread=draw(st.sampled_from([None, w.length("4 hours")])) if isinstance(trigger, OnceTrigger) else None,
        stage=draw(st.sampled_from([(), (), ("buying", "again")])) if isinstance(trigger, EveryTrigger) else (),
        hold_out=draw(st.sampled_from([0, 0, 0, 0, 50])),
    )  # fmt: skip


def _rules() -> st.SearchStrategy[Rules]:
    return st.builds(
        lambda quiet, gap, weekly, daily, monthly, silence, balance, hold_out: replace(
            w.RULES,
            balance=balance,
            hold_out=hold_out,
            silence=silence,
            quiet_hours=quiet,
            min_gap=gap,
            limits=(
                *((Limit(1, per="day"),) if daily else ()),
                *weekly,
                *((monthly,) if monthly else ()),
                Limit(1, within=w.length("14 days"), classes=frozenset({"offer"})),
            ),
        ),
        st.sampled_from([w.RULES.quiet_hours, Span(time(22), time(6)), Span(time(12), time(13))]),
        st.sampled_from([None, w.length("18 hours"), w.length("6 hours")]),
        st.builds(_weekly, st.integers(1, 3), st.sampled_from([False, False, True])),
        st.sampled_from([True, True, True, False]),
        st.sampled_from([None, Limit(2, per="month"), Limit(1, per="month", classes=frozenset({"news"}))]),
        st.sampled_from([None, None, None, SILENCE]),
        st.sampled_from([None, None, Balance(1, 2, w.length("30 days")), Balance(2, 1, w.length("10 days"))]),
        st.sampled_from([0] * 11 + [100]),
    )


def _weekly(most: int, by_calendar: bool) -> tuple[Limit, ...]:
    """So many in any seven dates; sometimes also one from Monday to Sunday, which lets more through at its edges."""
    rolling = Limit(most, within=w.length("7 days"))
    return (rolling, Limit(1, per="week")) if by_calendar else (rolling,)


@st.composite
def _histories(draw: st.DrawFn, sequences: list[Sequence]) -> tuple[Event, ...]:
    """What happens: mostly what starts something, so that sequences meet."""
    starting = [trigger.event for s in sequences for trigger in s.start if isinstance(trigger, EventTrigger)] * 8
    events: list[Event] = []
    if draw(st.sampled_from([True] * 9 + [False])):  # what Hypothesis likes best comes first: somebody to be reached
        events += w.reachable(START)
    for _ in range(draw(st.integers(8, 14))):
        at = START + timedelta(minutes=draw(st.integers(0, 20 * 24 * 12)) * 5)
        late = draw(st.sampled_from([0, 0, 0, 1, 600, 5_000]))
        known = at + timedelta(minutes=late)
        order = draw(st.sampled_from(["A", "B", "C"]))
        events.append(
            w.event(
                draw(st.sampled_from([*starting, *EVENTS])), at, known, order_id=order, ticket=order, stars=5,
                lines=draw(st.sampled_from([(), (Line("one"),), (Line("two"), Line("one"))])),
            )
        )  # fmt: skip
    for _ in range(draw(st.integers(0, 2))):
        at = START + timedelta(hours=draw(st.integers(0, 80 * 24)))
        events.append(draw(_changes(at)))
    return tuple(events)


@st.composite
def _changes(draw: st.DrawFn, at: datetime) -> Event:
    return draw(st.sampled_from([*_CHANGES] * 3 + [names.ERASED]).flatmap(lambda kind: _change(kind, at)))


def _change(kind: str, at: datetime) -> st.SearchStrategy[Event]:
    """One thing that is learned about a person, or that they decide."""
    return _CHANGES.get(kind, st.just({})).map(lambda fields: w.event(kind.partition(" ")[0], at, **fields))


def _days() -> st.SearchStrategy[date]:
    return st.dates(date(2027, 2, 20), date(2027, 5, 20))


def _birthdays() -> st.SearchStrategy[object]:
    days = _days()
    return days.map(lambda day: MonthDay(day.month, day.day)) | days.map(lambda day: day.replace(year=1991))


_TAGS = st.sampled_from([("do_not_ask",), ("sleeping",)]).map(lambda tags: {"tags": tags})
_TOPICS = st.sampled_from([(), ("tips",), ("offers",)]).map(lambda topics: {"topics": topics})
_CHANGES: dict[str, st.SearchStrategy[dict[str, object]]] = {
    f"{names.PERSON_CHANGED} zone": st.sampled_from(ZONES).map(lambda zone: {"facts": {"zone": zone}}),
    f"{names.PERSON_CHANGED} birthday": _birthdays().map(lambda day: {"facts": {"birthday": day}}),
    f"{names.PERSON_CHANGED} vip_since": _days().map(lambda day: {"facts": {"vip_since": day}}),
    names.PERSON_TAGGED: _TAGS,
    names.PERSON_UNTAGGED: _TAGS,
    names.CONSENT_REFUSED: _TOPICS,
    names.CONSENT_LIFTED: _TOPICS,
    names.THEME_SPARED: st.just({"theme": "mothers_day"}),
    names.ADDRESS_STATE: st.just({"state": "hard"}),
    names.SUPPRESSED: st.just({"because": "asked"}),
    **told(),
}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A book of two to five sequences and one person's three months."""
    sequences = [draw(_sequences(f"s{number}")) for number in range(draw(st.integers(3, 5)))]
    known = {"zone": draw(st.sampled_from(ZONES)), "country": draw(st.sampled_from(["FR", "US", None]))}
    if draw(st.booleans()):
        known["birthday"] = draw(_birthdays())  # type: ignore[assignment]
    if draw(st.booleans()):
        known["vip_since"] = draw(_days())  # type: ignore[assignment]
    if draw(st.booleans()):
        known["observes"] = draw(OBSERVED)  # type: ignore[assignment]
    person = w.newborn("p1", START, **{name: value for name, value in known.items() if value is not None})
    book = replace(
        w.book(*sequences, rules=draw(_rules())), moments=draw(st.sampled_from([(), MOMENTS])),
        house=draw(_houses()),
    )  # fmt: skip
    return World(book, person, _numbered(draw(_histories(sequences))))


def _numbered(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Counted within their world, so that the same world has the same keys and answers whenever it is drawn."""
    return tuple(replace(event, id=f"w{number:06d}", number=number) for number, event in enumerate(events))
