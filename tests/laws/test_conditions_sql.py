"""Law: a condition means the same in Python and in SQL, and the prefilter never leaves out a person (language.md 7)."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random  # noqa: TID251 - seeded: the same examples at every run
from zoneinfo import ZoneInfo

import pytest
from jinja2.sandbox import SandboxedEnvironment

from nurture.decide.clock import Clock, day_start
from nurture.decide.closures import closure
from nurture.decide.conditions import computable_change, next_change
from nurture.decide.happened import dates_back
from nurture.decide.scene import Scene
from nurture.language.expressions import parse_condition, scope_of
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue, Field, OrderRule
from nurture.model.event import Event, Money, MonthDay
from nurture.model.expression import Condition
from nurture.model.length import Length
from nurture.model.person import Message, Orders, Person, StageState
from nurture.model.place import Place
from nurture.model.rules import Rules
from nurture.store.codec import micros
from nurture.store.prefilter import LocalDay, exactly, prefilter

ZONES = ("Europe/Paris", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def drawn(seed: int) -> Random:
    """A source of examples."""
    return Random(seed)  # noqa: S311 - no secret


NOW = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # in Paris the clocks go forward half an hour later
COUNTRIES = ("FR", "DE", "IL", "EG")
CATALOGUE = Catalogue(
    person={
        name: Field(name, kind)
        for name, kind in {
            "country": "text",
            "first_name": "text",
            "visits": "number",
            "spent": "money",
            "subscribed": "bool",
            "vip_since": "day",
            "birthday": "day",
            "seen_at": "moment",
            "joined_at": "moment",
        }.items()
    },
    orders=OrderRule("order.placed", "order_id", ("order.cancelled",)),
    events={
        "order.placed": {"order_id": Field("order_id", "text"), "total": Field("total", "money")},
        "order.cancelled": {"order_id": Field("order_id", "text")},
        "review.posted": {"stars": Field("stars", "number")},
    },
)
SCOPE = scope_of(CATALOGUE, stages=("vip", "looking"), moments=("telling",), tags=("reviewer",), mails=("welcome",))
BOOK = Book(Rules("law"), CATALOGUE)
COLUMNS = {
    "person.country": "country",
    "person.first_name": "first_name",
    "person.visits": "visits",
    "person.spent": "spent",
    "person.subscribed": "subscribed",
    "person.vip_since": "vip_since",
    "person.birthday": "birthday",
    "person.seen_at": "seen_at",
    "person.joined_at": "joined_at",
    "person.stage": "stage",
    "person.orders.count": "orders_count",
    "person.orders.total": "orders_total",
    "person.orders.last_at": "last_at",
}


class Author:
    """Writes random conditions: mostly what SQL can say, sometimes what it cannot."""

    def __init__(self, random: Random, *, foreign: bool) -> None:
        self.random = random
        self.foreign = foreign

    def question(self, depth: int = 3) -> str:
        roll = self.random.random()
        if depth and roll < 0.22:
            return " and ".join(self.inner(depth) for _ in range(self.random.randint(2, 3)))
        if depth and roll < 0.38:
            return " or ".join(self.inner(depth) for _ in range(2))
        if depth and roll < 0.46:
            return f"not {self.inner(depth)}"
        if self.foreign and roll < 0.62:
            return self.outside_sql()
        return self.random.choice(self.atoms)()

    def inner(self, depth: int) -> str:
        return f"({self.question(depth - 1)})"

    @property
    def atoms(self) -> list[object]:
        return [self.texts, self.numbers, self.numbers, self.since, self.since, self.days, self.moments, self.others]

    def texts(self) -> str:
        country = self.random.choice(COUNTRIES)
        return self.random.choice([
            f"person.country == '{country}'",
            f"person.country != '{country}'",
            f"person.country {self.random.choice(['in', 'not in'])} ['{country}', 'FR']",
            "person.first_name == person.country",
            "person.stage in ['vip', 'looking']",
        ])  # fmt: skip

    def number(self, depth: int = 2) -> str:
        if depth and self.random.random() < 0.4:
            return f"({self.number(depth - 1)} {self.random.choice('+-*/')} {self.number(depth - 1)})"
        return self.random.choice([
            "person.visits", "person.orders.count", "person.orders.total", "person.spent",
            "days_since(person.vip_since)", "days_until(person.birthday)",
            str(self.random.randint(-3, 40)), f"{self.random.randint(0, 30)}.5",
        ])  # fmt: skip

    def sign(self) -> str:
        return self.random.choice(["==", "!=", "<", "<=", ">", ">="])

    def numbers(self) -> str:
        if self.random.random() < 0.15:
            return f"{self.number()} in [{self.number(0)}, {self.number(0)}]"
        return f"{self.number()} {self.sign()} {self.number()}"

    def since(self) -> str:
        moment = self.random.choice(["person.orders.last_at", "person.seen_at", "person.joined_at"])
        days = self.random.choice([str(self.random.randint(-3, 60)), f"{self.random.randint(0, 9)}.5", "-1.5"])
        function = self.random.choice(["days_since", "days_until"])
        if self.random.random() < 0.2:
            return f"{function}({moment}) {self.random.choice(['in', 'not in'])} [{days}, 7, 14]"
        sides = [f"{function}({moment})", days]
        self.random.shuffle(sides)
        return f" {self.sign()} ".join(sides)

    def days(self) -> str:
        return self.random.choice([
            f"person.vip_since {self.sign()} today",
            f"today {self.sign()} person.birthday",
            f"person.vip_since {self.sign()} person.birthday",
            f"days_since(person.vip_since) {self.sign()} {self.random.randint(0, 60)}",
        ])  # fmt: skip

    def moments(self) -> str:
        length = self.random.choice(["30 days", "5 hours", "2 weeks", "1 month", "1 year", "90 minutes"])
        return self.random.choice([
            f"person.seen_at {self.sign()} ago('{length}')",
            f"ago('{length}') {self.sign()} person.orders.last_at",
            f"person.seen_at {self.sign()} person.joined_at",
            f"person.joined_at {self.sign()} today",
        ])  # fmt: skip

    def others(self) -> str:
        return self.random.choice([
            "person.subscribed", "true", "false", "person.subscribed == false", "not person.subscribed",
            f"person.{self.random.choice(['country', 'visits', 'seen_at'])} is known",
            f"person.{self.random.choice(['country', 'subscribed', 'joined_at'])} is unknown",
            "(person.visits / person.orders.count) is unknown",
        ])  # fmt: skip

    def outside_sql(self) -> str:
        return self.random.choice([
            "has_tag('reviewer')",
            "has_moment('telling')",
            "lower(person.country) == 'fr'",
            "got('welcome', within='30 days')",
            f"count('order.placed', within='60 days') >= {self.random.randint(0, 2)}",
            "count('order.placed', within='2 months') + count('review.posted') == 2",
            f"count('review.posted', within='{self.random.randint(1, 400)} hours', stars=5) >= 1",
            "person.birthday is known",
            "days_since(person.seen_at) > days_since(person.joined_at)",
            "days_since(person.seen_at) + 1 > person.visits",
            "person.vip_since < person.seen_at",
        ])  # fmt: skip


def people(random: Random, count: int, now: datetime) -> list[Person]:
    """Random people, a quarter of every fact missing; many moments lie within hours of a local midnight."""
    return [person(random, str(number), now) for number in range(count)]


def person(random: Random, name: str, now: datetime) -> Person:
    def moment() -> datetime:
        back = timedelta(days=random.randint(-3, 60), hours=random.randint(-14, 14), minutes=random.choice([0, 30]))
        return now - back

    facts = {
        "country": random.choice(COUNTRIES),
        "first_name": random.choice(("Ana", "FR")),
        "visits": random.randint(-2, 6),
        "spent": Money(Decimal(random.randint(0, 4000)) / 100, "EUR"),
        "subscribed": random.random() < 0.5,
        "vip_since": moment().date(),
        "birthday": MonthDay(3, 29) if random.random() < 0.3 else moment().date(),
        "seen_at": moment(),
        "joined_at": moment(),
    }
    for fact in list(facts):
        if random.random() < 0.25:
            del facts[fact]
    days = sorted({moment().date() for _ in range(random.randint(0, 3))})
    orders = Orders(tuple(days), None, moment() if days else None, Decimal(random.randint(0, 9000)) / 100)
    stage = StageState(random.choice(("vip", "looking")), now) if random.random() < 0.75 else None
    events = sorted((event(random, number, moment()) for number in range(random.randint(0, 5))), key=_when)
    sent = Message("k", "s", "1", "welcome", "welcome", "news", "t", now, moment(), now.date())
    return Person(
        name, now, facts, random.choice((frozenset(), frozenset({"reviewer"}))), orders=orders, stage=stage,
        moments=random.choice((frozenset(), frozenset({"telling"}))), events=tuple(events),
        messages=(sent,) if random.random() < 0.5 else (),
    )  # fmt: skip


def event(random: Random, number: int, at: datetime) -> Event:
    name = random.choice(("order.placed", "order.placed", "order.cancelled", "review.posted"))
    fields: dict[str, object] = {"stars": random.choice((4, 5))}
    if name.startswith("order"):
        fields = {"order_id": str(random.randint(1, 3)), "total": Money(Decimal(10), "EUR")}
    return Event(str(number), name, at, at, number, fields)


def _when(one: Event) -> tuple[datetime, int]:
    return (one.happened_at, one.number)


def row(someone: Person) -> dict[str, object]:
    """A person as the columns hold them: instants in microseconds, days as ordinals."""
    found: dict[str, object] = dict.fromkeys(CATALOGUE.person)
    for name, value in someone.facts.items():
        if isinstance(value, datetime):
            found[name] = micros(value)
        elif isinstance(value, date):
            found[name] = value.toordinal()
        elif isinstance(value, Money):
            found[name] = float(value.amount)
        elif not isinstance(value, MonthDay):
            found[name] = value
    last = someone.orders.last_at
    return found | {
        "id": int(someone.id),
        "stage": someone.stage.id if someone.stage else None,
        "orders_count": someone.orders.count,
        "orders_total": float(someone.orders.total),
        "last_at": micros(last) if last else None,
    }


@dataclass
class World:
    """The same people in memory and in a table."""

    people: list[Person]
    table: sqlite3.Connection

    def says(self, clause: str, parameters: dict[str, object]) -> list[object]:
        query = f"SELECT ({clause}) FROM person ORDER BY id"  # noqa: S608 - the clause is what is being tested
        return [answer for (answer,) in self.table.execute(query, parameters)]


@pytest.fixture(name="world")
def _world() -> Iterator[World]:
    crowd = people(drawn(7), 40, NOW)
    table = sqlite3.connect(":memory:")
    rows = [row(someone) for someone in crowd]
    names = list(rows[0])
    table.execute(f"CREATE TABLE person ({', '.join(names)})")
    places = ", ".join(f":{name}" for name in names)
    table.executemany(f"INSERT INTO person VALUES ({places})", rows)  # noqa: S608 - our own names
    yield World(crowd, table)
    table.close()


def conditions(random: Random, count: int, *, foreign: bool) -> list[Condition]:
    author, found = Author(random, foreign=foreign), []
    for _ in range(count):
        text = author.question()
        condition, problems = parse_condition(text, Place("law"), SCOPE)
        assert condition is not None, (text, problems)
        found.append(condition)
    return found


def present(zone: str, now: datetime = NOW) -> tuple[Clock, LocalDay]:
    clock = Clock(ZoneInfo(zone))
    today = now.astimezone(clock.zone).date()

    def ago(length: Length) -> datetime:
        if length.elapsed:
            return now - timedelta(seconds=length.seconds)
        return day_start(dates_back(today, length), clock)

    return clock, LocalDay(now, today, partial(day_start, clock=clock), ago)


def test_python_and_sql_give_the_same_three_answers(world: World) -> None:
    answers = {True: 1, False: 0, None: None}
    compared, seen = 0, {True: 0, False: 0, None: 0}
    for condition in conditions(drawn(11), 1200, foreign=False):
        asked = closure(condition.root)
        for zone in ZONES:
            clock, day = present(zone)
            said = exactly(condition.root, COLUMNS, day)
            assert said is not None, condition.text
            mine = [asked(Scene(BOOK, someone, NOW, clock)) for someone in world.people]
            theirs = world.says(*said)
            assert [answers[answer] for answer in mine] == theirs, (condition.text, zone, said)
            compared += len(mine)
            for answer in mine:
                seen[answer] += 1
    assert compared >= 250_000
    assert min(seen.values()) > compared / 20, "the examples do not bite"


def test_the_prefilter_never_leaves_out_a_person(world: World) -> None:
    kept = left = true = 0
    for condition in conditions(drawn(13), 1000, foreign=True):
        asked = closure(condition.root)
        for zone in ZONES[:3]:
            clock, day = present(zone)
            clause, parameters = prefilter(condition.root, COLUMNS, day)
            for someone, proposed in zip(world.people, world.says(clause, parameters), strict=True):
                answer = asked(Scene(BOOK, someone, NOW, clock))
                assert proposed == 1 or answer is not True, (condition.text, zone, clause)
                kept, left, true = kept + (proposed == 1), left + (proposed != 1), true + (answer is True)
    assert left > 0.3 * (kept + left), "a prefilter that keeps everybody proves nothing"
    assert kept < 2 * true


def test_every_condition_is_also_one_of_jinja() -> None:
    environment = SandboxedEnvironment()
    environment.tests |= {"known": bool, "unknown": bool}
    for condition in conditions(drawn(17), 800, foreign=True):
        assert callable(environment.compile_expression(condition.text))


def moving(random: Random, count: int) -> list[Condition]:
    """Conditions in which every part moves with the clock."""
    author = Author(random, foreign=True)
    parts = [author.since, author.days, author.moments, author.outside_sql, author.outside_sql]
    found = []
    for _ in range(count):
        texts = [f"({random.choice(parts)()})" for _ in range(random.choice((1, 1, 2, 3)))]
        text = random.choice((" and ", " or ", " and not ")).join(texts)
        condition, problems = parse_condition(text, Place("law"), SCOPE)
        assert condition is not None, (text, problems)
        found.append(condition)
    return found


def test_before_the_next_change_no_answer_changes() -> None:
    """Asked all along the way the answer is the same; where it can be computed, it changes at that very instant."""
    random = drawn(19)
    crowd, changed, exact = people(random, 30, NOW), 0, 0
    for condition in moving(random, 2500):
        clock, _ = present(random.choice(ZONES))
        asked = closure(condition.root)
        scene = Scene(BOOK, random.choice(crowd), NOW, clock)
        before, change = asked(scene), next_change(condition.root, scene)
        last = NOW + timedelta(days=70) if change is None else min(change, NOW + timedelta(days=70))
        for number in range(160):
            scene.now = NOW + (last - NOW) * number / 160
            assert asked(scene) == before, (condition.text, clock, scene.now, change)
        if change is None:
            continue
        scene.now = change - timedelta(microseconds=1)
        assert asked(scene) == before, (condition.text, clock, change)
        scene.now = change
        differs = asked(scene) != before
        changed += differs
        if computable_change(condition.root):
            assert differs, (condition.text, clock, change)
            exact += 1
    assert changed > 200
    assert exact > 150
