"""The store proposes never one person too few, and few too many (architecture.md 2.2)."""

import random  # noqa: TID251 - the same shop each time, drawn with a seed
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, delete

from nurture.decide.advance import advance
from nurture.decide.special_days import dates_in
from nurture.engine.tick import zone_of
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Decision, Why
from nurture.model.event import MonthDay, Origin
from nurture.model.person import Person
from nurture.model.trigger import Again, AnyTrigger, DayTrigger, EveryTrigger, HolidayTrigger, LapseTrigger, OnceTrigger
from nurture.store import candidates as scan
from nurture.store import crowds, ingest, page_writes
from nurture.store.codec import micros
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow, EventRow
from nurture.store.tables import AGENDA
from tests import worlds as w
from tests.drawing import Dice, between, drawn, one_of
from tests.hunting import hunt
from tests.postgres_server import Server
from tests.random_triggers import AT_HOME, feast
from tests.random_worlds import START, World, any_trigger, world
from tests.taken_in import contact, no_rejects, row

QUARTER = timedelta(minutes=15)
CROWDS = (EveryTrigger, HolidayTrigger, OnceTrigger)
LAWFUL = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
TRIES = 300


class Shop:
    """A book, a few people with their histories, the ticks, and whether all events are known to the store at once.

    No dataclass: Hypothesis would print all of it.
    """

    def __init__(self, people: list[World], ticks: list[datetime], at_once: bool) -> None:
        self.book, self.people, self.ticks, self.at_once = people[0].book, people, ticks, at_once

    def __repr__(self) -> str:
        """Short enough for a report."""
        return "\n\n".join(repr(world)[:6_000] for world in self.people)


def shop(dice: Dice, started_by: Callable[[Dice], AnyTrigger] = any_trigger) -> Shop:
    people = [world(dice, started_by) for _ in range(between(dice, 1, 3))]
    ticks, now = [START], START
    for _ in range(60):
        now += one_of(dice, 1, 1, 2, 5, 24, 97, 300) * QUARTER
        ticks.append(now)
    return Shop(people, ticks, one_of(dice, False, True))


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    return shop(drawn(draw))


def arriving(shop: Shop) -> Iterator[list[EventRow]]:
    """What is taken in before each tick: everything before the first, or each when it becomes known."""
    rows = [row(number, event) for number, world in enumerate(shop.people) for event in world.events]
    for tick in shop.ticks:
        known = [one for one in rows if shop.at_once or (one.known_at or START) <= tick]
        rows = [one for one in rows if one not in known]
        yield known


def content(decision: Decision) -> dict[str, object]:
    """A decision without what only says when it was asked, and without who did not fit.

    Who does not fit is never asked in a crowd (language.md 11.5): that reason comes when they are looked at next.
    """
    person = {one.name: getattr(decision.person, one.name) for one in fields(decision.person)}
    for name in ("asof", "alarms"):
        del person[name]
    reasons = tuple(reason for reason in decision.reasons if reason.why is not Why.condition)
    return person | {"intents": decision.intents, "made": decision.events, "reasons": reasons}


def unasked(book: Book, decision: Decision) -> Decision:
    """What there is to decide for somebody whom the store did not choose.

    Of a sequence whose crowd is narrowed by a condition or a stage, another refusal of a start (too soon, inside
    already) stands before the one that they do not fit, and is of as little use.
    """
    narrowed = {
        name for name, sequence in book.sequences.items()
        if any(isinstance(one, CROWDS) and (one.condition is not None or sequence.stage) for one in sequence.start)
    }  # fmt: skip
    kept = tuple(one for one in decision.reasons if one.step or one.sequence not in narrowed)
    return replace(decision, reasons=kept)


def differing(one: Decision, other: Decision) -> str:
    left, right = content(one), content(other)
    return ", ".join(f"{name}: {left[name]} not {right[name]}" for name in left if left[name] != right[name])


@dataclass(frozen=True)
class Look:
    """One tick: what the store's choice of people missed, how many it chose, and how many had anything to decide."""

    missed: str
    proposed: int
    moved: int


def looks(shop: Shop, url: str = "sqlite://") -> Iterator[Look]:
    store = open_store(url)
    try:
        yield from _looks(store, shop)
    finally:
        store.close()


def _looks(store: Store, shop: Shop) -> Iterator[Look]:
    memory: dict[str, Person] = {}
    taken = store.importing(START, origin=Origin.live)
    taken.take([contact(number, world) for number, world in enumerate(shop.people)], no_rejects)
    everybody = [one for page in store.everybody() for one in page]
    for now, rows in zip(shop.ticks, arriving(shop), strict=True):
        taken.take(rows, no_rejects)
        proposed = [one for page in store.candidates(shop.book, store.watermark or now, now, dates_in) for one in page]
        before = {person.id: (person, arrived) for person, arrived in store.people(everybody, now)}
        decided = {id_: advance(shop.book, before[id_][0], now, before[id_][1]) for id_ in proposed}
        missed = ""
        for id_, events in store.histories(everybody).items():
            person = memory.get(id_, before[id_][0])
            known = [event for event in events if person.asof < event.known_at <= now and event.origin is Origin.live]
            truth = advance(shop.book, person, now, known)
            memory[id_] = truth.person
            if id_ not in decided:
                truth = unasked(shop.book, truth)
            got = decided.get(id_, Decision(before[id_][0]))
            if content(got) != content(truth):
                missed = f"{now} {id_} {'' if id_ in decided else 'not '}proposed: {differing(got, truth)}"
        yield Look(missed, len(proposed), sum(moves(one, before[id_][0]) for id_, one in decided.items()))
        store.commit(list(decided.values()), now, zone_of(shop.book), shop.book)
        store.move_watermark(now)


def moves(decision: Decision, person: Person) -> bool:
    """Whether anything at all was decided."""
    return content(decision) != content(Decision(person))


def missed(shop: Shop, url: str = "sqlite://") -> str:
    """At every tick, deciding for everybody gives no more than deciding for those the store proposes; else what."""
    return next((look.missed for look in looks(shop, url) if look.missed), "")


def in_vain(shop: Shop) -> bool:
    """Over all ticks together more were proposed than twice those for whom there was something, and ten.

    Fifty are allowed at one tick of a large shop; here three people at most are looked at sixty times.
    """
    seen = list(looks(shop))
    return sum(look.proposed for look in seen) > 2 * sum(look.moved for look in seen) + 10


@given(shops())
@LAWFUL
def test_nobody_is_missed(shop: Shop) -> None:
    assert not missed(shop)


@given(shops())
@settings(LAWFUL, max_examples=6)
def test_nobody_is_missed_over_postgresql(postgres: Server, shop: Shop) -> None:
    with postgres.new_store() as url:
        assert not missed(shop, url)


@given(shops())
@LAWFUL
def test_few_are_proposed_for_nothing_whatever_happens(shop: Shop) -> None:
    assert not in_vain(shop)


def no_lapses(*_: object) -> object:
    return scan.select(scan.SILENCE.c.person).where(scan.SILENCE.c.last_day == -1)


def no_dates(*_: object) -> object:
    return scan.select(scan.DAY_OF.c.person).where(scan.DAY_OF.c.year == -1)


def no_agenda(*about: object) -> Iterator[object]:
    return (statement for statement in PROBES(*about) if scan.AGENDA not in statement.get_final_froms())  # type: ignore[arg-type]


def no_wakes(connection: Connection, table: Table, rows: Sequence[dict[str, object]]) -> None:
    INSERT(connection, table, [] if table is AGENDA else rows)


def nothing(*_: object) -> None:
    """What should be done is not."""


def only_what_comes(connection: Connection, ids: Sequence[str], now: datetime, _horizon: int) -> None:
    """What fell due is never taken away."""
    connection.execute(delete(AGENDA).where(AGENDA.c.person.in_(ids), AGENDA.c.due_at > micros(now)))


def no_crowds(*_: object) -> Iterator[object]:
    return iter(())


def never_told(*_: object) -> object:
    return crowds.exists().where(crowds.DAY_OF.c.person == "")


def no_keepers(*_: object) -> object:
    return crowds.select(crowds.PERSON.c.id).where(False)


def wrong_country(*about: object) -> bool:
    return FALLS(*about[:2], "ZZ", *about[3:])  # type: ignore[arg-type]


FALLS = crowds._falls
PROBES, INSERT = scan.probes, page_writes.insert_many
TOO_FEW = [
    (scan, "crowds", no_crowds, any_trigger), (crowds, "_keepers", no_keepers, feast),
    (crowds, "_falls", wrong_country, feast), (scan, "_silent", no_lapses, any_trigger),
    (scan, "_dated", no_dates, any_trigger), (scan, "probes", no_agenda, any_trigger),
    (ingest, "expect", nothing, any_trigger), (page_writes, "insert_many", no_wakes, any_trigger),
]  # fmt: skip


@pytest.mark.parametrize(("room", "name", "fault", "started_by"), TOO_FEW, ids=[one[1] for one in TOO_FEW])
def test_the_law_catches_a_source_left_out(
    room: object, name: str, fault: object, started_by: Callable[[Dice], AnyTrigger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, name, fault)
    hunt(partial(shop, started_by=started_by), lambda one: missed(one) != "", TRIES)


def test_the_law_catches_an_agenda_that_is_never_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_writes, "_clear_agenda", only_what_comes)
    hunt(shop, in_vain, TRIES)


# --- never many too many -----------------------------------------------------------------------------------------

PEOPLE = 400
END = START + timedelta(days=21)
BREWED = w.condition("numbers.cups.brewed > 0")
BOOK = w.book(
    w.sequence("birthday", DayTrigger(place=w.HERE, path=("person", "birthday"), yearly=True, lead=w.length("3 days")),
               [w.send("happy", "celebration")], again=Again(per="occurrence")),
    w.sequence("quiet", LapseTrigger(place=w.HERE, event="order.placed", length=w.length("60 days")),
               [w.wait("2 days"), w.send("missed", "news")], again=Again(per="person")),
    w.sequence("weekly", EveryTrigger(place=w.HERE, weekday=0, at=time(8, 30), condition=BREWED),
               [w.send("digest", "news")], stage=("buying", "again"), again=Again(per="occurrence")),
    w.sequence("festive", HolidayTrigger(place=w.HERE, days=("eid_al_fitr", "holi"), observed_by=("person", "observes"),
                                         lead=w.length("3 days")), [w.send("wishes", "celebration")],
               again=Again(per="occurrence")),
    w.sequence("harvest", OnceTrigger(place=w.HERE, day=date(2027, 3, 2), at=time(10), condition=AT_HOME),
               [w.send("news", "news")], spread=w.length("4 hours"), again=Again(never=True)),
    w.sequence("renewal", DayTrigger(place=w.HERE, path=("subscription", "renews_on"), per="subscription"),
               [w.send("notice", "service")], again=Again(per="occurrence")),
)  # fmt: skip


def crowd(store: Store) -> None:
    """400 people of a year: birthdays, last orders, zones."""
    chance = random.Random(7)  # noqa: S311 - not a secret
    rows: list[ContactRow | EventRow] = []
    for number in range(PEOPLE):
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(365))
        zone = chance.choice(["Europe/Paris", "America/New_York", "Asia/Kolkata"])
        country, kept = chance.choice(["FR", "US", "IN", "TR"]), chance.choice([(), (), (), ("eid_al_fitr",)])
        facts = {"zone": zone, "birthday": MonthDay(day.month, day.day), "country": country, "observes": kept}
        rows.append(ContactRow(outside_id=f"c{number}", facts=facts))
        if number % 4 == 0:
            told = {"numbers": "cups", "fields": {"brewed": chance.randrange(1, 9)}}
            at = START + timedelta(hours=chance.randrange(200) - 200)
            rows.append(EventRow(outside_id=f"c{number}", name=names.NUMBERS_TOLD, at=at, fields=told))
            renews = {"renews_on": date(2027, 2, 21) + timedelta(days=chance.randrange(60))}
            thing = {"thing": "subscription", "key": f"S{number}", "fields": renews}
            rows.append(EventRow(outside_id=f"c{number}", name=names.THING_CHANGED, at=at, fields=thing))
        at = datetime(2026, 12, 1, 12, tzinfo=UTC) + timedelta(days=chance.randrange(90))
        rows.append(EventRow(outside_id=f"c{number}", name="order.placed", at=at, fields={"order_id": f"o{number}"}))
    store.importing(START).take(rows, no_rejects)


def proposals(store: Store) -> Iterator[tuple[int, int]]:
    """How many were proposed and how many of them had anything to decide, tick by tick over three weeks."""
    since = START
    for tick in range(21 * 24):
        now = START + tick * timedelta(hours=1)
        proposed = [one for page in store.candidates(BOOK, since, now, dates_in) for one in page]
        before = store.people(proposed, now)
        decisions = [advance(BOOK, person, now, arrived) for person, arrived in before]
        store.commit(decisions, now, zone_of(BOOK), BOOK)
        store.move_watermark(now)
        since = now
        moved = sum(moves(decision, person) for decision, (person, _) in zip(decisions, before, strict=True))
        yield len(proposed), moved


def few_too_many(folder: Path) -> bool:
    store = open_store(f"sqlite:///{folder / 'store.db'}")
    decided = 0
    try:
        crowd(store)
        for proposed, moved in proposals(store):
            if proposed > 2 * moved + 50:
                return False
            decided += moved
    finally:
        store.close()
    assert decided > PEOPLE + 50, "the shop is too quiet to show anything"
    return True


def test_few_are_proposed_for_nothing(tmp_path: Path) -> None:
    assert few_too_many(tmp_path)


def test_crowds_that_are_not_narrowed_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "narrowed", lambda statement, *_: statement)
    assert not few_too_many(tmp_path)


def test_proposing_everybody_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [scan.select(scan.AGENDA.c.person), scan.select(scan.SILENCE.c.person)]
    monkeypatch.setattr(scan, "probes", lambda *_: iter(everybody))
    assert not few_too_many(tmp_path)


def digests(folder: Path) -> int:
    """How many got into the weekly sequence, which asks for numbers that were told."""
    store = open_store(f"sqlite:///{folder / 'store.db'}")
    try:
        crowd(store)
        for _ in islice(proposals(store), 8 * 24):
            pass
        pages = ([person for person, _ in store.people(page, END)] for page in store.everybody())
        return sum(one.sequence == "weekly" for page in pages for person in page for one in person.enrolments)
    finally:
        store.close()


def test_who_was_told_numbers_is_found_on_their_day_and_the_law_catches_who_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random shops rarely tell numbers just before the hour; here a hundred people were told."""
    (tmp_path / "right").mkdir()
    (tmp_path / "wrong").mkdir()
    assert digests(tmp_path / "right") > 20
    monkeypatch.setattr(crowds, "_told", never_told)
    assert digests(tmp_path / "wrong") == 0
