"""Laws of consent: only the reader lifts a refusal, what expired is none, and old states read as they were."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.decide import consents
from nurture.decide.consent import hears_of
from nurture.decide.draft import Draft
from nurture.decide.fold import fold
from nurture.model import event as names
from nurture.model.event import Event, Origin
from nurture.model.person import Consent, Person
from nurture.model.rules import Topic
from nurture.store.state_codec import state_of, state_text
from tests import worlds as w
from tests.worlds import WELCOME

START = datetime(2027, 3, 1, 10, tzinfo=UTC)
TOPICS = ("tips", "care")
OTHERS = st.fixed_dictionaries(
    {
        "name": st.sampled_from([names.CONSENT_GIVEN, names.CONSENT_ASKED, names.TRACKING_GIVEN]),
        "topics": st.sets(st.sampled_from(TOPICS)).map(tuple),
        "by": st.sampled_from(["", "lena", "reader"]),
        "origin": st.sampled_from([Origin.imported, Origin.sequence]),
        "until": st.none() | st.dates(date(2027, 1, 1), date(2028, 1, 1)),
    }
)


def happened(number: int, name: str, origin: Origin = Origin.live, **fields: object) -> Event:
    at = START + timedelta(hours=number)
    return Event(str(number), name, at, at, number, fields, origin)


def folded(events: list[Event]) -> Draft:
    draft = Draft(w.book(WELCOME), Person("p1", START))
    for event in events:
        fold(draft, event)
    return draft


@given(st.lists(OTHERS, max_size=6), st.sampled_from([(), *[(topic,) for topic in TOPICS], TOPICS]), st.lists(OTHERS))
def test_whatever_others_say_a_refusal_stands(before: list[dict], refused: tuple[str, ...], after: list[dict]):
    said = [happened(number, **one) for number, one in enumerate(before)]
    said.append(happened(len(said), names.CONSENT_REFUSED, topics=refused, by="reader"))
    said += [happened(len(said) + number, **one) for number, one in enumerate(after)]
    draft = folded(said)
    now = START + timedelta(hours=len(said))
    assert not any(hears_of(draft, topic, now) for topic in refused or TOPICS)
    assert not draft.tracked


@given(st.lists(OTHERS, max_size=6), st.sampled_from(TOPICS))
def test_the_reader_lifts_it_and_nothing_besides(before: list[dict], wanted: str):
    said = [happened(number, **one) for number, one in enumerate(before)]
    said.append(happened(len(said), names.CONSENT_REFUSED, topics=(), by="reader"))
    said.append(happened(len(said), names.CONSENT_GIVEN, topics=(wanted,), by="reader"))
    draft = folded(said)
    now = START + timedelta(hours=len(said))
    assert [topic for topic in TOPICS if hears_of(draft, topic, now)] == [wanted]


@given(st.dates(date(2027, 3, 1), date(2029, 1, 1)))
def test_a_consent_holds_through_its_last_day_and_not_after(until: date):
    draft = folded([happened(0, names.CONSENT_GIVEN, topics=("tips",), until=until)])
    end = draft.consents["tips"].until
    assert end is not None
    assert hears_of(draft, "tips", end - timedelta.resolution)
    assert not hears_of(draft, "tips", end)
    assert timedelta(0) < end - datetime(until.year, until.month, until.day, tzinfo=UTC) <= timedelta(hours=38)


CONFIRMED, PLAIN = Topic("tips", confirm="please_confirm"), Topic("care")
WORLD = replace(w.book(WELCOME), topics={topic.id: topic for topic in (CONFIRMED, PLAIN)})
AGREED = [
    happened(0, names.ADDRESS_ADDED, address="first@x.example"),
    happened(1, names.CONSENT_GIVEN, topics=TOPICS, by="reader", how="double opt-in"),
]
MOVES = st.sampled_from(["first@x.example", "second@x.example", "third@x.example"])


def moved_about(moves: list[tuple[str, str]]) -> tuple[Draft, bool]:
    """Who agreed at the first address, and was moved; and whether they confirmed at the one they have."""
    draft, at, confirmed = Draft(WORLD, Person("p1", START)), "first@x.example", True
    told = [happened(2 + n, names.ADDRESS_ADDED, address=to, by=by) for n, (by, to) in enumerate(moves)]
    for event in (*AGREED, *told):
        fold(draft, event)
    for by, to in moves:
        confirmed = by == "reader" or (confirmed and to == at)
        at = to
    return draft, confirmed


@given(st.lists(st.tuples(st.sampled_from(["reader", "", "lena"]), MOVES), max_size=6))
def test_what_was_confirmed_holds_where_it_was_confirmed_and_the_rest_goes_along(moves: list[tuple[str, str]]):
    draft, confirmed = moved_about(moves)
    now = START + timedelta(hours=2 + len(moves))
    assert hears_of(draft, PLAIN.id, now)
    if not confirmed:
        assert not hears_of(draft, CONFIRMED.id, now)
    if all(by == "reader" for by, _ in moves):
        assert hears_of(draft, CONFIRMED.id, now)


def test_a_planted_fault_is_caught(monkeypatch: pytest.MonkeyPatch):
    now, away = START + timedelta(hours=3), [("lena", "second@x.example")]
    assert not hears_of(moved_about(away)[0], CONFIRMED.id, now)
    monkeypatch.setattr(consents, "moved", lambda *_: None)
    assert hears_of(moved_about(away)[0], CONFIRMED.id, now)  # so the law above would say so


INSTANTS = st.timedeltas(timedelta(days=-3_000), timedelta(days=3_000)).map(lambda span: START + span)
CONSENTS = st.builds(Consent, st.booleans(), INSTANTS, st.text(max_size=9), st.none() | INSTANTS)


@given(st.dictionaries(st.sampled_from(TOPICS), CONSENTS), st.booleans())
def test_a_state_with_expiry_and_tracking_is_read_back(consents: dict[str, Consent], tracked: bool):
    person = Person("p1", START, consents=consents, tracked=tracked)
    found = state_of(state_text(person, {}), {})
    assert (found["consents"], found["tracked"]) == (consents, tracked)


def test_a_state_from_before_there_was_expiry_is_read_and_written_as_it_was():
    text = '{"consents":{"tips":[true,1798793400000000,"opt_in"]}}'
    person = Person("p1", START, **state_of(text, {}))
    assert person.consents["tips"].until is None
    assert person.tracked is False
    assert state_text(person, {}) == text
