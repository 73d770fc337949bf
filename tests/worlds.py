"""Small worlds for tests of the core: books and people built from values, and a way to live them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count

from nurture.decide.advance import advance
from nurture.language.expressions import parse_condition, parse_value
from nurture.language.scope import scope_of
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue, Field, Limit, Mute, Numbers, OrderRule, Thing
from nurture.model.decision import Decision, Intent, Reason, TaskIntent, WebhookIntent
from nurture.model.event import Event, Money
from nurture.model.expression import Condition, Expression
from nurture.model.length import Length, Unit
from nurture.model.person import Person
from nurture.model.place import Place
from nurture.model.rules import Rules, Span, Stage, Theme, Topic
from nurture.model.sequence import Sequence as BookSequence
from nurture.model.sequence import Status
from nurture.model.step import (
    AnyStep,
    Branch,
    Send,
    Stop,
    Tag,
    Untag,
    WaitDay,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    flow,
)
from nurture.model.trigger import Again, AnyTrigger, DayTrigger, EventTrigger, LapseTrigger

HERE = Place("world.yaml")
BIRTH = datetime(2026, 1, 1, tzinfo=UTC)
_UNITS = {unit.value: unit for unit in Unit}


def length(text: str) -> Length:
    """`3 days` as a Length."""
    amount, unit = text.split(" ", 1)
    return Length(int(amount), _UNITS[unit.removesuffix("s")])


CATALOGUE = Catalogue(
    person={
        "first_name": Field("first_name", "text"),
        "country": Field("country", "text", format="country"),
        "zone": Field("zone", "text", format="zone"),
        "locale": Field("locale", "text", format="locale"),
        "birthday": Field("birthday", "day", placeholders=(date(1970, 1, 1),), year_optional=True),
        "vip_since": Field("vip_since", "day"),
        "observes": Field("observes", "tags"),
    },
    orders=OrderRule("order.placed", "order_id", ("order.cancelled",)),
    events={
        "subscriber.joined": {"source": Field("source", "text")},
        "order.placed": {"order_id": Field("order_id", "text"), "total": Field("total", "money")},
        "order.cancelled": {"order_id": Field("order_id", "text")},
        "order.delivered": {"order_id": Field("order_id", "text")},
        "complaint.opened": {"ticket": Field("ticket", "text")},
        "complaint.resolved": {"ticket": Field("ticket", "text")},
        "review.posted": {"stars": Field("stars", "number")},
    },
    done_by_shop=frozenset({"order.delivered", "complaint.resolved"}),
    things={"subscription": Thing("subscription", "subscription_id", {"renews_on": Field("renews_on", "day")})},
    numbers={"cups": Numbers("cups", {"brewed": Field("brewed", "number")})},
)
TAGS = frozenset({"do_not_ask", "sleeping"})
SCOPE = scope_of(CATALOGUE, stages=("vip", "again", "buying", "looking"), tags=TAGS, mails=frozenset({"any"}))


def condition(text: str, *, start: str = "", event: str = "") -> Condition:
    """A condition of the language, parsed; a wrong one is a mistake of the test."""
    scope = SCOPE.with_start([start] if start else [])
    if event:
        scope = scope.with_event([event])
    found, problems = parse_condition(text, HERE, scope)
    assert found is not None, problems
    return found


def value(text: str, *, event: str = "") -> Expression:
    """A value of the language, parsed; a wrong one is a mistake of the test."""
    found, problems = parse_value(text, HERE, SCOPE.with_event([event]) if event else SCOPE)
    assert found is not None, problems
    return found


TODAY = condition("today == today").root.left  # type: ignore[union-attr]

RULES = Rules(
    project="world",
    zone="Europe/Paris",
    quiet_hours=Span(time(20, 30), time(8, 30)),
    limits=(
        Limit(1, per="day"),
        Limit(3, within=length("7 days")),
        Limit(1, within=length("14 days"), classes=frozenset({"offer"})),
    ),
    mutes=(
        Mute("just_bought", frozenset({"offer"}), "order.placed", length("10 days")),
        Mute(
            "open_complaint", frozenset({"offer", "news", "celebration"}), "complaint.opened", None,
            "complaint.resolved", length("14 days"), length("60 days"),
        ),
    ),
    min_gap=length("18 hours"),
)  # fmt: skip
STAGES = (
    Stage("vip", "VIP", condition("person.orders.count >= 4"), length("30 days")),
    Stage("again", "Again", condition("person.orders.count >= 2 and days_since(person.orders.last_at) <= 90")),
    Stage("buying", "Buying", condition("person.orders.count >= 1")),
    Stage("looking", "Looking", condition("true")),
)
TOPICS = {"tips": Topic("tips"), "care": Topic("care", basis="customer"), "offers": Topic("offers")}
_TOPIC_OF = {"service": "", "care": "care", "celebration": "tips", "news": "tips", "offer": "offers"}
_GOOD_FOR = {"celebration": "1 day", "offer": "5 days"}


def send(mail: str, class_: str = "news", **more: object) -> Send:
    """A send step as the loader would resolve it."""
    values: dict[str, object] = {
        "id": mail, "place": HERE, "mail": mail, "class_": class_, "topic": _TOPIC_OF[class_],
        "valid_for": length(_GOOD_FOR.get(class_, "3 days")),
    }  # fmt: skip
    return Send(**(values | more))  # type: ignore[arg-type]


_numbers = count(1)


def wait(text: str, at: time | None = None) -> WaitLength:
    """`wait: 3 days`, with `at`."""
    return WaitLength(id=f"wait_{next(_numbers)}", place=HERE, length=length(text), at=at)


def until_day(day: int, at: time = time(10)) -> WaitDay:
    """`wait: {until_day: 6, at: 10:00}`."""
    return WaitDay(id=f"until_{next(_numbers)}", place=HERE, day=day, at=at)


def sequence(
    name: str,
    trigger: AnyTrigger | tuple[AnyTrigger, ...],
    steps: Iterable[AnyStep],
    *,
    again: Again | None = None,
    class_: str = "news",
    priority: int = 50,
    **more: object,
) -> BookSequence:
    """A live sequence for everybody, flattened as the loader does."""
    steps = tuple(steps)
    return BookSequence(
        name=name, title=name, place=HERE, class_=class_, status=more.pop("status", Status.live),  # type: ignore[arg-type]
        start=trigger if isinstance(trigger, tuple) else (trigger,),
        again=again or Again(per="event"), steps=steps, priority=priority, lineage=name, nodes=flow(steps),
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def book(*sequences: BookSequence, rules: Rules = RULES, stages: tuple[Stage, ...] = STAGES) -> Book:
    """A book from the working tree: live for ever."""
    return Book(
        rules=rules, catalogue=CATALOGUE, stages=stages, topics=TOPICS, themes={"mothers_day": Theme("mothers_day")},
        tags=TAGS, sequences={one.name: one for one in sequences}, digest="world",
    )  # fmt: skip


def utc(text: str) -> datetime:
    """`2027-03-02 10:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def event(name: str, at: datetime | str, known: datetime | str | None = None, **fields: object) -> Event:
    """An event of the catalogue, known when it happened unless said otherwise."""
    number = next(_numbers)
    happened = utc(at) if isinstance(at, str) else at
    learned = happened if known is None else utc(known) if isinstance(known, str) else known
    if "total" in fields:
        fields["total"] = Money(Decimal(str(fields["total"])), "EUR")
    return Event(f"e{number:06d}", name, happened, learned, number, fields)


def facts(at: datetime | str, **known: object) -> Event:
    """What the shop tells us of a person."""
    return event(names.PERSON_CHANGED, at, facts=known)


def thing(at: datetime | str, key: str, **fields: object) -> Event:
    """What the shop tells us of one of a person's subscriptions; without a field it is gone."""
    name = names.THING_CHANGED if fields else names.THING_REMOVED
    return event(name, at, thing="subscription", key=key, fields=fields)


def cups(at: datetime | str, brewed: int) -> Event:
    """The week's numbers, as the shop tells them."""
    return event(names.NUMBERS_TOLD, at, numbers="cups", fields={"brewed": brewed})


def reachable(at: datetime = BIRTH) -> list[Event]:
    """An address and consent to everything."""
    return [
        event(names.ADDRESS_ADDED, at, address="salma@example.net"),
        event(names.CONSENT_GIVEN, at, topics=tuple(TOPICS), basis="opt_in"),
    ]


def newborn(identity: str = "p1", at: datetime = BIRTH, **known: object) -> Person:
    """A person of whom only some facts are known."""
    return Person(identity, at - timedelta(days=1), facts={"zone": "Europe/Paris", **known})


@dataclass(frozen=True)
class Life:
    """What one person lived: every decision, and the mails and reasons of all of them."""

    decisions: tuple[Decision, ...]

    @property
    def person(self) -> Person:
        return self.decisions[-1].person

    @property
    def intents(self) -> tuple[Intent, ...]:
        return tuple(intent for decision in self.decisions for intent in decision.intents)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(reason for decision in self.decisions for reason in decision.reasons)

    @property
    def tasks(self) -> tuple[TaskIntent, ...]:
        return tuple(task for decision in self.decisions for task in decision.tasks)

    @property
    def webhooks(self) -> tuple[WebhookIntent, ...]:
        return tuple(call for decision in self.decisions for call in decision.webhooks)

    @property
    def made(self) -> tuple[Event, ...]:
        return tuple(event for decision in self.decisions for event in decision.events)

    @property
    def mails(self) -> list[tuple[str, str]]:
        """(local time, mail), as a test reads it."""
        from zoneinfo import ZoneInfo

        return [(f"{i.decided_at.astimezone(ZoneInfo(i.zone)):%Y-%m-%d %H:%M}", i.mail) for i in self.intents]

    def why(self, mail: str) -> list[str]:
        """The reasons that name a mail."""
        return [f"{reason.why.value}: {reason.words}" for reason in self.reasons if reason.mail == mail]


Answers = Callable[[Decision], Iterable[Event]]


def silence(_decision: Decision) -> Iterable[Event]:
    """A shop that answers nothing of what it is asked."""
    return ()


def live(
    world: Book,
    person: Person,
    events: Iterable[Event],
    end: datetime | str,
    extra: Iterable[datetime] = (),
    answers: Answers = silence,
) -> Life:
    """Live a person to `end`, asking at every wake, at every arrival, and at the extra moments."""
    last = utc(end) if isinstance(end, str) else end
    coming = sorted(events, key=lambda e: (e.known_at, e.happened_at, e.number))
    moments = sorted(extra)
    decisions: list[Decision] = []
    now = person.asof
    wake: datetime | None = now
    while True:
        known = [e for e in coming if e.known_at <= now]
        coming = coming[len(known) :]
        decision = advance(world, person, now, known)
        decisions.append(decision)
        coming = sorted([*coming, *answers(decision)], key=lambda e: (e.known_at, e.happened_at, e.number))
        person, wake = decision.person, decision.wake
        following = [moment for moment in moments if moment > now]
        next_ones = [wake] if wake is not None else []
        next_ones += [coming[0].known_at] if coming else []
        next_ones += following[:1]
        due = min(next_ones, default=None)
        if due is None or due > last:
            return Life(tuple(decisions))
        now = max(due, now)


JOINED = EventTrigger(place=HERE, event="subscriber.joined")
DELIVERED = EventTrigger(place=HERE, event="order.delivered")
BIRTHDAY = DayTrigger(place=HERE, path=("person", "birthday"), yearly=True, lead=length("7 days"))
LAPSE = LapseTrigger(place=HERE, event="order.placed", length=length("60 days"))
WELCOME = sequence(
    "welcome", JOINED, [send("hello"), wait("2 days", time(9, 30)), send("guide")], again=Again(never=True)
)


def endings(life: Life) -> list[str]:
    """How every enrolment ended."""
    return [enrolment.ending for enrolment in life.person.enrolments]


def whys(life: Life) -> list[str]:
    """The words of all reasons, in order."""
    return [reason.why.value for reason in life.reasons]


def shown(mapping: Mapping[str, object]) -> str:
    """A mapping in one line, for a failing test."""
    return ", ".join(f"{key}={value}" for key, value in mapping.items())


__all__ = [
    "BIRTH",
    "BIRTHDAY",
    "CATALOGUE",
    "DELIVERED",
    "HERE",
    "JOINED",
    "LAPSE",
    "RULES",
    "SCOPE",
    "STAGES",
    "WELCOME",
    "Again",
    "Branch",
    "Life",
    "Stop",
    "Tag",
    "Untag",
    "WaitUntil",
    "WaitWeekday",
    "book",
    "condition",
    "cups",
    "endings",
    "event",
    "facts",
    "length",
    "live",
    "newborn",
    "reachable",
    "send",
    "sequence",
    "thing",
    "until_day",
    "utc",
    "wait",
    "whys",
]  # fmt: skip
