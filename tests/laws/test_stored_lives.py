"""A life that goes through the store between any two decisions is the same life: nothing of its state is forgotten."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from nurture.decide.advance import advance
from nurture.model.decision import Decision
from nurture.model.person import Person
from nurture.store import state_codec
from nurture.store.codec import event_of
from nurture.store.state_codec import _event_list, state_of, state_text
from tests import worlds as w
from tests.hunting import hunt
from tests.random_worlds import END, World, replies, world, worlds

LAWFUL = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def stored(person: Person) -> Person:
    """The person as they come back: events, facts, tags and messages have columns, all else is the state's text."""
    events = tuple(event_of(_event_list(event)) for event in person.events)
    known = {event.id: event for event in events}
    state = state_of(state_text(person, {event.id: event for event in person.events}), known)
    return replace(person, events=events, alarms=None, **state)


def lived_through_the_store(world: World) -> w.Life:
    person, now, decisions = world.person, world.person.asof, list[Decision]()
    coming = sorted(world.events, key=lambda e: (e.known_at, e.happened_at, e.number))
    while True:
        known = [e for e in coming if e.known_at <= now]
        coming = coming[len(known) :]
        decisions.append(advance(world.book, stored(person), now, known))
        coming = sorted([*coming, *replies(decisions[-1])], key=lambda e: (e.known_at, e.happened_at, e.number))
        person, wake = decisions[-1].person, decisions[-1].wake
        due = min([m for m in (wake, coming[0].known_at if coming else None) if m is not None], default=None)
        if due is None or due > END:
            return w.Life(tuple(decisions))
        now = max(due, now)


def nothing_is_forgotten(world: World) -> bool:
    here, there = world.live(), lived_through_the_store(world)
    made = [[(event.id, event.name) for event in life.made] for life in (here, there)]
    return (
        there.intents == here.intents
        and (there.tasks, there.webhooks) == (here.tasks, here.webhooks)
        and made[0] == made[1]
        and there.person.enrolments == here.person.enrolments
        and there.reasons == here.reasons
    )


@LAWFUL
@given(world=worlds())
def test_the_store_forgets_nothing(world: World) -> None:
    assert nothing_is_forgotten(world)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # a found world is large, and not printed
def test_the_law_catches_a_planted_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that forgets answers, rounds and what is waited for."""
    monkeypatch.setattr(state_codec, "_rest_of", lambda *_: ())
    hunt(world, lambda one: not nothing_is_forgotten(one), 500)
