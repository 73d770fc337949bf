"""Writing decisions: state, intents, reasons, events and agenda of a page of people in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from nurture.model.book import Book
from nurture.model.decision import Decision, Intent, Reason
from nurture.model.event import ADDRESS_ADDED, CONSENT_GIVEN, CONSENT_LIFTED, CONSENT_REFUSED, Event, Origin
from nurture.model.person import Enrolment, Person
from nurture.model.rules import CLASSES
from nurture.store.afterwards import newly_cancelled, newly_clicked
from nurture.store.codec import looks_text, maybe_micros, micros, place_text, values_text, words_text
from nurture.store.database import bucket
from nurture.store.effects import carries_text, draft_row, task_row, webhook_row
from nurture.store.journal import journal, reach
from nurture.store.load import Loaded, watermark
from nurture.store.page import EVERYTHING as EVERYTHING  # noqa: PLC0414 - others take it from here
from nurture.store.page import REASON_NAMES, Rows
from nurture.store.state_codec import same_state, state_text
from nurture.store.tables import WATERMARK

_COUNTRY = 100  # characters of a country that an index takes; no country has more

Row = dict[str, Any]
_CONSENT_EVENTS = frozenset({CONSENT_GIVEN, CONSENT_REFUSED, CONSENT_LIFTED})


def gather(
    decisions: Iterable[Decision],
    before: Mapping[str, Loaded],
    zone_of: Callable[[Person], str],
    classes: Sequence[str],
    basis: int,
) -> Rows:
    """The rows of a page of decisions; `before` holds every person as they were read."""
    rows = Rows()
    for decision in decisions:
        person, old = decision.person, before[decision.person.id]
        zone, before_it = zone_of(person), reach(rows)
        row = _person_row(person, old, zone)
        if _in_place(person, row, old):
            rows.in_place.add(len(rows.people))
        rows.people.append(row)
        if decision.agenda is not None:
            rows.agenda.append(_wake(person.id, decision.agenda))
        if decision.events:
            rows.events += [event_row(person.id, event) for event in decision.events]
        for reason in decision.reasons:
            rows.reasons.append(reason_values(person.id, reason, basis))
        _messages(rows, decision, old, classes)
        if decision.tasks:
            rows.tasks += [task_row(task) for task in decision.tasks]
        if decision.webhooks:
            rows.webhooks += [webhook_row(webhook) for webhook in decision.webhooks]
        if person.enrolments is not old.person.enrolments:
            _enrolments(rows, person, old.person)
        _consents(rows, person, old)
        if person.address_state != old.person.address_state or person.address != old.person.address:
            rows.addresses.append(_address_row(person))
        if old.zone != zone or _facts_moved(person, old.person):
            rows.projected.append((person, zone, old.person, old.zone))
        journal(rows, before_it, decision, old, basis)
    return rows


def _facts_moved(person: Person, old: Person) -> bool:
    return (
        len(person.events) != len(old.events)
        or (person.facts is not old.facts and person.facts != old.facts)
        or (person.orders is not old.orders and person.orders != old.orders)
        or person.messages is not old.messages
        or person.consents is not old.consents
        or person.things is not old.things
        or person.numbers is not old.numbers
    )


def _in_place(person: Person, row: Row, old: Loaded) -> bool:
    """Whether nothing of a person's row moves but their state, and how far they were decided."""
    was = old.person
    return (
        row["facts"] is old.facts
        and (row["tags"] is old.tags or row["tags"] == old.tags)
        and row["zone"] == old.zone
        and person.orders is was.orders
        and (person.stage is was.stage or _stage_columns(person) == _stage_columns(was))
    )


def _stage_columns(person: Person) -> tuple[str, str]:
    return (person.stage.id, person.stage.rules) if person.stage else ("", "")


def _person_row(person: Person, old: Loaded, zone: str) -> Row:
    same = same_state(person, old.person)  # writing it out anew would cost more than all the other columns
    state = old.state if same else state_text(person, {event.id: event for event in person.events})
    facts = old.facts if person.facts is old.person.facts else values_text(person.facts)
    tags = old.tags if person.tags is old.person.tags else words_text(person.tags)
    row = person_columns(person, zone, state, facts, tags)
    row["id_"], row["until_"], row["number_"] = person.id, old.decided_until, old.decided_number
    row["decided_until"], row["decided_number"] = micros(person.asof), max(old.horizon, old.decided_number)
    return row


def person_columns(person: Person, zone: str, state: str, facts: str | None = None, tags: str | None = None) -> Row:
    """The columns of a person that follow from their events; `facts` and `tags` as text where they were read so."""
    orders, (stage, placed_by) = person.orders, _stage_columns(person)
    return {
        "zone": zone,
        "facts": values_text(person.facts) if facts is None else facts,
        "tags": words_text(person.tags) if tags is None else tags,
        "stage": stage,
        "orders_count": orders.count,
        "orders_first_at": maybe_micros(orders.first_at),
        "orders_last_at": maybe_micros(orders.last_at),
        "orders_total": float(orders.total),
        "state": state,
        "country": country[:_COUNTRY] if isinstance(country := person.facts.get("country"), str) else "",
        "placed_by": placed_by,
    }


def event_row(person: str, event: Event) -> Row:
    """An event as it is kept; its number is given by the database."""
    return {
        "id": event.id,
        "person": person,
        "bucket": bucket(person),
        "name": event.name,
        "happened_at": micros(event.happened_at),
        "known_at": micros(event.known_at),
        "fields": values_text(event.fields),
        "origin": event.origin.value,
        "outside_id": event.outside_id,
        "fresh": event.fresh,
    }


def _wake(person: str, due: datetime) -> Row:
    return {"person": person, "kind": "wake", "due_at": micros(due), "bucket": bucket(person), "number": 0}


def reason_values(person: str, reason: Reason, basis: int) -> tuple[Any, ...]:
    """A reason as it is kept, in the order of `REASON_NAMES`; `basis` is the number of the book it was given under."""
    return (
        person,
        bucket(person),
        micros(reason.at),
        maybe_micros(reason.due_at),
        reason.why.value,
        reason.sequence,
        reason.version,
        reason.subject,
        reason.step,
        reason.mail,
        reason.words,
        maybe_micros(reason.until),
        looks_text(reason.looks),
        place_text(reason.place),
        basis,
    )


def reason_row(person: str, reason: Reason, basis: int) -> Row:
    """The same by the names of its columns."""
    return dict(zip(REASON_NAMES, reason_values(person, reason, basis), strict=True))


def _messages(rows: Rows, decision: Decision, old: Loaded, classes: Sequence[str]) -> None:
    for intent in decision.intents:
        rows.messages.append(_message_row(intent))
        lane = lane_of(intent.class_, classes)
        if intent.approve:
            rows.drafts.append(draft_row(intent, lane))
            continue
        alike = f"{intent.mail} {intent.variant} {decision.person.facts.get('locale') or ''}"
        rows.planned.append(planned_row(intent.key, intent.person, lane, intent.due_at) | {"alike": alike})
    if decision.person.messages is not old.person.messages:
        rows.cancelled += newly_cancelled(decision.person, old.person)
        rows.clicked += newly_clicked(decision.person, old.person)


def lane_of(class_: str, classes: Sequence[str]) -> int:
    """Service goes first, then by class, so that a broadcast never delays an answer."""
    return list(classes).index(class_) if class_ in classes else len(classes)


def planned_row(key: str, person: str, lane: int, due: datetime) -> Row:
    """A place in the queue."""
    row: Row = {"key": key, "lane": lane, "due_at": micros(due), "bucket": bucket(person)}
    return row | {"released": False, "because": "", "alike": ""}


def _message_row(intent: Intent) -> Row:
    return {
        "key": intent.key,
        "person": intent.person,
        "bucket": bucket(intent.person),
        "sequence": intent.sequence,
        "version": intent.version,
        "subject": intent.subject,
        "step": intent.step,
        "mail": intent.mail,
        "class_": intent.class_,
        "topic": intent.topic,
        "theme": intent.theme,
        "due_at": micros(intent.due_at),
        "decided_at": micros(intent.decided_at),
        "valid_until": micros(intent.valid_until),
        "day": intent.day.toordinal(),
        "zone": intent.zone,
        "rung": intent.rung,
        "address": intent.address,
        "variables": values_text(intent.variables),
        "before": False,
        "detail": "",
        "variant": intent.variant,
        "offered": intent.offered,
        "carries": carries_text(intent.gifts),
        "again": False,
    }


def _enrolments(rows: Rows, person: Person, old: Person) -> None:
    known = {one.identity: one for one in old.enrolments}
    for one in person.enrolments:
        was = known.get(one.identity)
        if was is None:
            rows.started.append(enrolment_row(person.id, one))
        elif was is not one and was != one:
            row = enrolment_row(person.id, one)
            row |= {"person_": row.pop("person"), "sequence_": row.pop("sequence"), "subject_": row.pop("subject")}
            if was.ended_at is one.ended_at and was.version == one.version:
                rows.stepped.add(len(rows.moved))
            rows.moved.append(row)


def enrolment_row(person: str, one: Enrolment) -> Row:
    """A row of `enrolment`."""
    return {
        "person": person,
        "sequence": one.sequence,
        "subject": one.subject,
        "bucket": bucket(person),
        "ordinal": one.ordinal,
        "version": one.version,
        "started_at": micros(one.started_at),
        "step": one.step,
        "due_at": maybe_micros(one.due_at),
        "ended_at": maybe_micros(one.ended_at),
        "ending": one.ending,
        "goal_at": maybe_micros(one.goal_at),
    }


def _consents(rows: Rows, person: Person, old: Loaded) -> None:
    was = old.person
    if (person.consents is was.consents or person.consents == was.consents) and person.refused_all == was.refused_all:
        return
    rows.consents_of.append(person.id)
    proven = {
        str(topic): proof(event) for event in old.arrived if event.name in _CONSENT_EVENTS for topic in _topics(event)
    }
    where = _said_at(old)
    who: Row = {"person": person.id, "bucket": bucket(person.id), "address": where.get(EVERYTHING, person.address)}
    for topic, one in person.consents.items():
        said = {"topic": topic, "given": one.given, "since": micros(one.since), "basis": one.basis}
        said["address"] = where.get(topic, where.get(EVERYTHING, person.address))
        rows.consents.append({**who, **said, **proven.get(topic, _UNPROVEN), "until": maybe_micros(one.until)})
    if person.refused_all:
        said = {"topic": EVERYTHING, "given": False, "since": micros(person.asof), "basis": ""}
        rows.consents.append({**who, **said, **proven.get(EVERYTHING, _UNPROVEN), "until": None})


def _said_at(old: Loaded) -> dict[str, str]:
    """The address at which each answer that arrived was given: what came with another after it, was said before it."""
    address, found = old.person.address, {}
    for event in old.arrived:
        if event.name == ADDRESS_ADDED:
            address = str(event.fields["address"])
        elif event.name in _CONSENT_EVENTS:
            found.update(dict.fromkeys(map(str, _topics(event)), address))
    return found


def proof(event: Event) -> Row:
    """What an answer is proven by: the words that were shown, how it came, and by whom."""
    how = str(event.fields.get("how") or ("import" if event.origin is Origin.imported else ""))
    return {"wording": str(event.fields.get("wording", "")), "how": how, "who": str(event.fields.get("by", ""))}


_UNPROVEN: Row = {"wording": "", "how": "", "who": ""}


def _topics(event: Event) -> tuple[object, ...]:
    topics = event.fields.get("topics")
    return topics if isinstance(topics, tuple) and topics else (EVERYTHING,)


def _address_row(person: Person) -> Row:
    state = person.address_state
    return {"key_": person.address.casefold(), "state_": state, "state": state, "state_since": micros(person.asof)}


def classes_of(book: Book | None) -> Sequence[str]:
    """The order of classes, strongest claim first."""
    return book.rules.classes if book else CLASSES


def move_watermark(connection: Connection, until: datetime, name: str = "tick") -> None:
    """Everything that falls due by itself up to `until` has been looked at; it never moves back."""
    at = micros(until)
    moved = connection.execute(_MOVE_ON, {"called": name, "moved_to": at}).rowcount
    if not moved and watermark(connection, name) is None:
        connection.execute(insert(WATERMARK), {"name": name, "at": at})


_MOVE_ON = (
    update(WATERMARK)
    .where(WATERMARK.c.name == bindparam("called"), WATERMARK.c.at < bindparam("moved_to"))
    .values(at=bindparam("moved_to"))
)
