"""Whom the store does not choose for days to come, nothing happens to: `simulate` need not live them (11.4)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, select

from nurture.decide.advance import advance
from nurture.decide.simulate import live
from nurture.decide.special_days import dates_in
from nurture.engine.simulation import DROPPED
from nurture.engine.tick import zone_of
from nurture.model.event import Origin
from nurture.model.trigger import AnyTrigger, LapseTrigger
from nurture.store import candidates as scan
from nurture.store import crowds
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow, EventRow
from nurture.store.tables import SILENCE
from tests import worlds as w
from tests.drawing import Dice, between, drawn, one_of, seeded
from tests.hunting import hunt
from tests.random_triggers import clocked
from tests.random_worlds import START, World, any_trigger, world
from tests.taken_in import contact, no_rejects, row

LAWFUL = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
SPAN = timedelta(days=60)
TRIES = 300


def shop(dice: Dice, started_by: Callable[[Dice], AnyTrigger] = any_trigger) -> list[World]:
    return [world(dice, started_by) for _ in range(between(dice, 1, 3))]


def lapse(dice: Dice) -> AnyTrigger:
    return LapseTrigger(place=w.HERE, event="order.placed", length=w.length(one_of(dice, "20 days", "50 days")))


@st.composite
def shops(draw: st.DrawFn) -> list[World]:
    return shop(drawn(draw))


def rows(people: list[World]) -> Iterator[ContactRow | EventRow]:
    for number, one in enumerate(people):
        yield contact(number, one)
        yield from (row(number, event) for event in one.events)


def left_out(people: list[World]) -> str:
    """What happens in sixty days to those who were not chosen for them, decided when all was known; else nothing."""
    store = open_store("sqlite://")
    try:
        store.importing(START, origin=Origin.live).take(list(rows(people)), no_rejects)
        return next(_left_out(store, people), "")
    finally:
        store.close()


def _left_out(store: Store, people: list[World]) -> Iterator[str]:
    book = people[0].book
    everybody = [one for page in store.everybody() for one in page]
    moments = (START, max([START, *(event.known_at for one in people for event in one.events)]))
    for now in moments:
        decided = [advance(book, person, now, arrived) for person, arrived in store.people(everybody, now)]
        store.commit(decided, now, zone_of(book), book)
        store.move_watermark(now)
    end = now + SPAN
    chosen = {id_ for page in store.candidates(book, now, end, dates_in) for id_ in page}
    for person, arrived in store.people([id_ for id_ in everybody if id_ not in chosen], end):
        for decision in live(book, person, arrived, now, end):
            lost = [reason for reason in decision.reasons if reason.why in DROPPED]
            if decision.intents or decision.tasks or decision.webhooks or lost:
                yield f"{person.id}: {decision}"


@given(shops())
@LAWFUL
def test_nothing_happens_to_whom_the_days_do_not_concern(people: list[World]) -> None:
    assert not left_out(people)


@pytest.mark.parametrize("started_by", [lapse, clocked])
def test_nor_where_all_is_started_by_a_silence_or_a_clock(started_by: Callable[[Dice], AnyTrigger]) -> None:
    """Among triggers of every kind they are few."""
    for seed in range(60):
        assert not left_out(shop(seeded(seed), started_by)), f"seed {seed}"


def nobody(*_: object) -> Select[Any]:
    return select(SILENCE.c.person).where(SILENCE.c.last_day == -1)


def no_question(*_: object) -> Iterator[Select[Any]]:
    return iter(())


SOURCES = {"_silent": lapse, "_dated": any_trigger, "probes": any_trigger, "_everybody": clocked}


@pytest.mark.parametrize("source", SOURCES)
def test_the_law_catches_a_source_left_out(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if source == "probes":
        monkeypatch.setattr(scan, source, lambda *about: list(PROBES(*about))[1:])
    else:
        monkeypatch.setattr(*((crowds, source, no_question) if source == "_everybody" else (scan, source, nobody)))
    hunt(partial(shop, started_by=SOURCES[source]), lambda people: left_out(people) != "", TRIES)


PROBES = scan.probes
