"""Decisions go in whole, come back as they were, and are never taken twice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from nurture.decide.advance import advance
from nurture.engine.tick import zone_of
from nurture.model.book import Book
from nurture.model.decision import Decision, Why
from nurture.model.person import Person
from nurture.model.step import Tag
from nurture.model.trigger import Again, EventTrigger, LapseTrigger
from nurture.store.database import Conflict
from nurture.store.open import Store, open_store
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow
from nurture.store.tables import CONSENT, ENROLMENT, PERSON
from tests import worlds as w

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
SETTLED = NOW + timedelta(minutes=10)
BOOK = w.book(
    w.sequence(
        "thanks",
        EventTrigger(place=w.HERE, event="order.placed"),
        [Tag(id="mark", place=w.HERE, tags=("sleeping",)), w.send("thank_you", "service"), w.wait("3 days")],
    ),
    w.sequence(
        "quiet",
        LapseTrigger(place=w.HERE, event="order.placed", length=w.length("60 days")),
        [w.send("missed", "news")],
        again=Again(per="person"),
    ),
)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def shop(store: Store, *customers: str) -> list[str]:
    rows = []
    for one in customers:
        rows.append(ContactRow(outside_id=one, address=f"c{one}@example.net", topics=("tips",), basis="opt_in"))
        rows.append(EventRow(name="order.placed", outside_id=one, at=NOW, fields={"order_id": one}))
    store.importing(NOW).take(rows, lambda _, why: pytest.fail(why))
    return sorted(store.find(one) or "" for one in customers)


def decide(store: Store, ids: Sequence[str], now: datetime, book: Book = BOOK) -> list[Decision]:
    return [advance(book, person, now, arrived) for person, arrived in store.people(ids, now)]


def kept(store: Store, ids: Sequence[str], now: datetime, book: Book = BOOK) -> list[Decision]:
    decisions = decide(store, ids, now, book)
    store.commit(decisions, now, zone_of(book), book)
    return decisions


def one(store: Store, id_: str, now: datetime) -> Person:
    ((person, arrived),) = store.people([id_], now)
    assert arrived == ()
    return person


def test_a_person_comes_back_as_decided(store: Store) -> None:
    ids = shop(store, "17", "18")
    for now in (NOW, SETTLED, SETTLED + timedelta(days=3)):
        decisions = kept(store, ids, now)
        assert [one(store, id_, now) for id_ in ids] == [decision.person for decision in decisions]


def test_what_arrived_is_handed_out_once(store: Store) -> None:
    (id_,) = shop(store, "17")
    ((_, arrived),) = store.people([id_], NOW)
    assert {event.name for event in arrived} >= {"order.placed", "address.added"}
    kept(store, [id_], NOW)
    assert one(store, id_, NOW).orders.count == 1


def test_what_is_not_known_yet_waits(store: Store) -> None:
    (id_,) = shop(store, "17")
    tomorrow = NOW + timedelta(days=1)
    late = EventRow(name="review.posted", outside_id="17", at=NOW, known_at=tomorrow)
    store.importing(NOW).take([late], lambda _, why: pytest.fail(why))
    kept(store, [id_], NOW)
    ((_, nothing),) = store.people([id_], NOW)
    assert nothing == ()
    assert list(store.candidates(BOOK, NOW, tomorrow)) == [[id_]]
    ((_, arrived),) = store.people([id_], tomorrow)
    assert [event.name for event in arrived] == ["review.posted"]


def test_what_arrives_while_deciding_is_not_lost(store: Store) -> None:
    (id_,) = shop(store, "17")
    decisions = decide(store, [id_], NOW)
    row = EventRow(name="review.posted", outside_id="17", at=NOW)
    store.importing(NOW).take([row], lambda _, why: pytest.fail(why))
    store.commit(decisions, NOW, zone_of(BOOK), BOOK)
    assert list(store.candidates(BOOK, NOW, NOW)) == [[id_]]
    ((_, arrived),) = store.people([id_], NOW)
    assert [event.name for event in arrived] == ["review.posted"]


def test_two_deciders_do_not_both_win(store: Store) -> None:
    ids = shop(store, "17", "18")
    decisions = decide(store, ids, NOW)
    other = Store(store.database, store_mark(store), None, "", None)
    kept(other, ids[:1], NOW)
    with pytest.raises(Conflict, match="1 of 2"):
        store.commit(decisions, NOW, zone_of(BOOK), BOOK)
    assert store.people(ids[1:], NOW)[0][1] != (), "nothing of the page was written"


def store_mark(store: Store) -> object:
    from nurture.store.installation import read_mark

    with store.database.reading() as connection:
        return read_mark(connection)


def test_a_doubled_send_key_is_a_defect(store: Store) -> None:
    ids = shop(store, "17", "18")
    kept(store, ids, NOW)
    decisions = decide(store, ids, SETTLED)
    key = decisions[0].intents[0].key
    doubled = replace(decisions[1], intents=(replace(decisions[1].intents[0], key=key),))
    with pytest.raises(IntegrityError):
        store.commit([decisions[0], doubled], SETTLED, zone_of(BOOK), BOOK)
    assert store.counts().messages == 0, "all of a page or nothing"


def test_reasons_are_kept_with_what_they_were_taken_by(store: Store) -> None:
    (id_,) = shop(store, "17")
    decisions = kept(store, [id_], NOW) + kept(store, [id_], SETTLED)
    wanted = [reason for decision in decisions for reason in decision.reasons]
    assert store.reasons(id_) == wanted
    assert [reason.why for reason in store.reasons(id_, mail="thank_you")] == [Why.sent]
    assert store.reasons(id_, sequence="quiet") == []
    assert store.reasons(id_, until=SETTLED) == [reason for reason in wanted if reason.at < SETTLED]
    assert store.reasons(id_, since=SETTLED) == [reason for reason in wanted if reason.at >= SETTLED]


def test_enrolments_are_rows_that_end(store: Store) -> None:
    (id_,) = shop(store, "17")
    kept(store, [id_], NOW)
    kept(store, [id_], SETTLED)
    assert store.counts().inside == {("thanks", 0): 1}
    kept(store, [id_], SETTLED + timedelta(days=3))
    assert store.counts().inside == {}
    with store.database.reading() as connection:
        assert connection.execute(select(ENROLMENT.c.ending)).scalars().all() == ["finished"]


def test_columns_say_what_can_be_asked(store: Store) -> None:
    (id_,) = shop(store, "17")
    kept(store, [id_], NOW)
    with store.database.reading() as connection:
        row = connection.execute(select(PERSON)).mappings().one()
        consents = connection.execute(select(CONSENT.c.topic, CONSENT.c.given, CONSENT.c.address)).all()
    assert (row["id"], row["zone"], row["stage"], row["orders_count"]) == (id_, "Europe/Paris", "buying", 1)
    assert [tuple(one) for one in consents] == [("tips", True, "c17@example.net")]


def test_an_answer_that_stands_keeps_its_wording_and_address(store: Store) -> None:
    def take(*rows: AnyRow) -> None:
        store.importing(NOW).take(rows, lambda _, why: pytest.fail(why))
        kept(store, [store.find("17") or ""], NOW)

    yes = ContactRow(outside_id="17", address="old@example.net", topics=("tips",), basis="opt_in", wording="I agree")
    take(yes)
    take(ContactRow(outside_id="17", address="new@example.net"))
    take(ConsentRow(outside_id="17", topics=("offers",), given=False, at=NOW, wording="no offers"))
    take(ConsentRow(outside_id="17", topics=(), given=False, at=NOW, wording="nothing more"))
    take(ConsentRow(outside_id="17", topics=("care",), given=False, at=NOW))
    with store.database.reading() as connection:
        asked = select(CONSENT.c.topic, CONSENT.c.given, CONSENT.c.address, CONSENT.c.wording).order_by(CONSENT.c.topic)
        found = [tuple(row) for row in connection.execute(asked)]
    assert found == [
        ("*", False, "new@example.net", "nothing more"),
        ("care", False, "new@example.net", ""),
        ("offers", False, "new@example.net", "no offers"),
        ("tips", True, "old@example.net", "I agree"),
    ]


def test_a_lapse_is_found_on_its_day_at_ten_and_not_before(store: Store) -> None:
    (id_,) = shop(store, "17")
    for now in (NOW, SETTLED, SETTLED + timedelta(days=3)):
        kept(store, [id_], now)
    ten = w.utc("2027-05-01 08:00")  # 10:00 in Paris, 60 days after 2 March
    assert list(store.candidates(BOOK, ten - timedelta(days=1), ten - timedelta(seconds=1))) == []
    assert list(store.candidates(BOOK, ten - timedelta(seconds=1), ten)) == [[id_]]
    assert list(store.candidates(BOOK, ten, ten + timedelta(hours=12))) == []
    assert store.next_scan(BOOK, ten - timedelta(hours=1)) == ten
    assert store.next_agenda(ten) is None


def test_the_agenda_holds_who_is_in_flight(store: Store) -> None:
    (id_,) = shop(store, "17")
    kept(store, [id_], NOW)
    assert store.next_agenda(NOW) == SETTLED
    assert list(store.candidates(BOOK, NOW, SETTLED)) == [[id_]]


def test_everybody_can_be_woken(store: Store) -> None:
    ids = shop(store, "17", "18")
    kept(store, ids, NOW)
    store.wake_everybody(NOW)
    assert list(store.candidates(BOOK, NOW, NOW)) == [ids]


def test_the_watermark_never_moves_back(store: Store) -> None:
    assert store.watermark is None
    store.move_watermark(SETTLED)
    store.move_watermark(NOW)
    assert store.watermark == SETTLED


def test_a_person_not_asked_about_has_lived_to_the_watermark(store: Store) -> None:
    (id_,) = shop(store, "17")
    kept(store, [id_], NOW)
    store.move_watermark(SETTLED)
    assert one(store, id_, SETTLED).asof == SETTLED


def test_what_follows_from_events_is_the_same_worked_out_anew(store: Store) -> None:
    ids = shop(store, "17", "18")
    for now in (NOW, SETTLED):
        kept(store, ids, now)
    anew = [replayed(store, id_) for id_ in ids]
    assert store.differences(anew, zone_of(BOOK)) == []
    wrong = replace(anew[0], tags=frozenset({"do_not_ask"}), facts={"birthday": w.utc("2027-01-01")})
    found = "\n".join(store.differences([wrong], zone_of(BOOK)))
    assert "tags is frozenset({'sleeping'})" in found
    assert "day_of" in found
    assert store.project([wrong, anew[1]], zone_of(BOOK)) == 1
    assert store.differences([wrong], zone_of(BOOK)) == []
    assert one(store, ids[0], SETTLED).enrolments != (), "what was decided stays"


def replayed(store: Store, id_: str) -> Person:
    """The person from nothing but their events, under a book that starts nobody."""
    bare = replace(BOOK, sequences={})
    events = store.histories([id_], decided=True)[id_]
    person = Person(id_, events[0].known_at - timedelta(microseconds=1))
    for now in sorted({event.known_at for event in events}):
        known = [event for event in events if event.known_at == now]
        person = advance(bare, person, now, known).person
    return person
