"""Laws of consent: only the reader lifts a refusal, what expired is none, and old states read as they were."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nurture.decide.consent import hears_of
from nurture.decide.draft import Draft
from nurture.decide.fold import fold
from nurture.model import event as names
from nurture.model.event import Event, Origin
from nurture.model.person import Consent, Person
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
