"""A store decided by many, in parts, is the store that one tick would have made: row by row (architecture.md 5)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Select, select

from nurture.decide.special_days import dates_in
from nurture.engine.rounds import catch_up, decide_part
from nurture.engine.tick import decide_all
from nurture.model.event import Origin
from nurture.store import candidates, page_writes
from nurture.store.database import connect
from nurture.store.installation import Mark
from nurture.store.migrate import bring_up_to_date
from nurture.store.open import Store
from nurture.store.page import Rows
from nurture.store.tables import INSTALLATION, METADATA
from tests.drawing import Dice, between, drawn, one_of
from tests.hunting import hunt
from tests.laws.test_candidates import Shop, arriving, contact, no_rejects, shop
from tests.random_worlds import START

LAWFUL = settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)  # to make a found shop small would take minutes
ORDER = {"number", "decided_number", "upto", "basis"}  # what only says in which order rows were written
BESIDE = {"installation", "round", "round_part", "watermark", "basis"}
LATE = timedelta(minutes=14)  # after the instant of a turn; the next one is later still
TICKS = 9
Kept = dict[str, list[str]]


class Worker(Store):
    """One of several on a store. What is set as `meanwhile` is done once, between what is read and what is written."""

    def __init__(self, url: str) -> None:
        super().__init__(connect(url), Mark("law", 0), None, "", None)
        self.meanwhile: Callable[[], object] | None = None

    def people(self, ids: Sequence[str], now: datetime) -> Any:
        found = super().people(ids, now)
        if (meanwhile := self.meanwhile) is not None:
            self.meanwhile = None
            meanwhile()
        return found


class Sharing:
    """How a turn is shared: by so many workers, in so many parts, in which order, which twice, which by two at once."""

    def __init__(self, dice: Dice) -> None:
        self.workers, self.parts = between(dice, 1, 3), one_of(dice, 2, 3, 7, 16)
        self.late = [one_of(dice, False, True) for _ in range(TICKS)]
        self.amid = one_of(dice, False, True)
        self.order = [between(dice, 0, 999) for _ in range(self.parts)]
        self.twice, self.beside = ([one_of(dice, False, False, True) for _ in range(self.parts)] for _ in range(2))


class Example:
    """A shop, and how its turns are shared. No dataclass: Hypothesis would print all of it."""

    def __init__(self, dice: Dice) -> None:
        self.shop, self.how = shop(dice), Sharing(dice)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    return Example(drawn(draw))


@contextmanager
def workers(url: str, number: int) -> Iterator[list[Worker]]:
    """So many on one store without anybody, whose id is always the same: people are called alike in all of them."""
    found = [Worker(url) for _ in range(number)]
    try:
        bring_up_to_date(found[0].database)
        with found[0].database.writing() as connection:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(table.delete())
            connection.execute(INSTALLATION.insert(), {"store": "law", "counter": 0})
        yield found
    finally:
        for one in found:
            one.close()


def content(store: Store) -> Kept:
    """All rows of all tables, without what only says in which order they were written."""
    found = {}
    with store.database.reading() as connection:
        for table in METADATA.sorted_tables:
            if table.name not in BESIDE:
                columns = [
                    one for one in table.c if one.name not in ORDER and (one.name, one.type.python_type) != ("id", int)
                ]
                found[table.name] = sorted(map(repr, connection.execute(select(*columns)).all()))
    return found


def lived(shop: Shop, found: Sequence[Worker], turn: Callable[[int, datetime], None]) -> Kept:
    """What is in the store at the end of some turns."""
    taken = found[0].importing(START, origin=Origin.live)
    taken.take([contact(number, world) for number, world in enumerate(shop.people)], no_rejects)
    for number, (now, rows) in enumerate(zip(shop.ticks[:TICKS], arriving(shop), strict=False)):
        taken.take(rows, no_rejects)
        turn(number, now)
    return content(found[0])


def alone(url: str, shop: Shop, how: Sharing) -> Kept:
    """By one tick after the other; whoever is caught up with amid a turn is so before it comes to them."""

    def turn(number: int, now: datetime) -> None:
        (store,) = one
        since = store.watermark or now
        if how.late[number]:
            begun = store.rounds.begin(since, now, 1)
            assert begun is not None
            catch_up(store, shop.book, begun, now + LATE)
            with store.database.writing() as connection:
                for name in ("round_part", "round"):
                    connection.execute(METADATA.tables[name].delete())
        decide_all(store, shop.book, now)

    with workers(url, 1) as one:
        return lived(shop, one, turn)


def shared(url: str, shop: Shop, how: Sharing) -> Kept:
    """By several workers in parts, in some order, some of them twice, and one amid another's page."""

    def turn(number: int, now: datetime) -> None:
        begun = many[0].rounds.begin(many[0].watermark or now, now, how.parts)
        assert begun is not None
        meanwhile = partial(catch_up, many[-1], shop.book, begun, now + LATE)
        amid = how.amid and any(many[0].candidates(shop.book, begun.since, now, dates_in))
        if how.late[number] and not amid:
            meanwhile()
        parts = many[0].rounds.left()
        order = sorted(range(how.parts), key=lambda place: how.order[place])
        for place in order:
            worker = many[place % how.workers]
            again = partial(decide_part, many[-1], shop.book, parts[place], now)
            worker.meanwhile = meanwhile if how.late[number] and amid else again if how.beside[place] else None
            for _ in range(1 + how.twice[place]):
                decide_part(worker, shop.book, parts[place], now)
        assert many[0].rounds.open() is None
        assert many[0].watermark == now

    with workers(url, how.workers + 1) as many:
        return lived(shop, many, turn)


def differing(url: str, one: Example) -> str:
    """The tables in which many workers keep something else than one tick does; empty when there is none."""
    here, there = alone(url, one.shop, one.how), shared(url, one.shop, one.how)
    return "; ".join(f"{name}: {here[name]} not {there[name]}" for name in here if here[name] != there[name])


@LAWFUL
@given(one=examples())
def test_many_in_parts_decide_as_one_tick_does(store_url: str, one: Example) -> None:
    assert not differing(store_url, one)


def test_the_law_sees_people_at_the_edge_of_two_parts_left_out(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_ends(statement: Select[Any], buckets: candidates.Buckets | None) -> Select[Any]:
        return real(statement, buckets and (buckets[0], buckets[0] + (buckets[1] - buckets[0]) // 2))

    real = candidates.within
    monkeypatch.setattr(candidates, "within", without_ends)
    hunt(Example, lambda one: bool(differing(f"sqlite:///{tmp_path / 'store.db'}", one)), 10)


def test_the_law_sees_whoever_decides_over_another(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decided meanwhile is not seen."""

    def whatever_was_written(connection: Connection, rows: Rows) -> int:
        real(connection, rows)
        return len(rows.people)

    real = page_writes._move_people
    monkeypatch.setattr(page_writes, "_move_people", whatever_was_written)
    hunt(Example, lambda one: bool(differing_or_broken(f"sqlite:///{tmp_path / 'store.db'}", one)), 40)


def differing_or_broken(url: str, one: Example) -> str:
    try:
        return differing(url, one)
    except Exception as broken:  # noqa: BLE001  (a key that would double is as good a find)
        return str(broken)
