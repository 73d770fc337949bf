"""Reading people: each as last decided, and what arrived for them since."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from nurture import observe
from nurture.model.event import OWN_EVENTS, Event
from nurture.model.makers import new_message, new_person
from nurture.model.person import Message, Person
from nurture.model.quick import quick
from nurture.model.renaming import person_today
from nurture.model.values import dataclass
from nurture.store.codec import event_of, instant, maybe_instant, micros, values_of, words_of
from nurture.store.database import among, ask, pages
from nurture.store.files import renamed
from nurture.store.state_codec import state_of
from nurture.store.tables import EVENT, MESSAGE, PERSON, WATERMARK

_PEOPLE = select(
    PERSON.c.id,
    PERSON.c.decided_until,
    PERSON.c.decided_number,
    PERSON.c.zone,
    PERSON.c.facts,
    PERSON.c.tags,
    PERSON.c.state,
).order_by(PERSON.c.id)
EVENT_COLUMNS = (
    EVENT.c.number,
    EVENT.c.id,
    EVENT.c.name,
    EVENT.c.happened_at,
    EVENT.c.known_at,
    EVENT.c.fields,
    EVENT.c.origin,
    EVENT.c.outside_id,
    EVENT.c.fresh,
)
_EVENTS = select(*EVENT_COLUMNS, EVENT.c.person).order_by(EVENT.c.person, EVENT.c.number)
_MESSAGES = select(
    MESSAGE.c.key,
    MESSAGE.c.sequence,
    MESSAGE.c.subject,
    MESSAGE.c.step,
    MESSAGE.c.mail,
    MESSAGE.c.class_,
    MESSAGE.c.topic,
    MESSAGE.c.due_at,
    MESSAGE.c.decided_at,
    MESSAGE.c.day,
    MESSAGE.c.address,
    MESSAGE.c.fate,
    MESSAGE.c.offered,
    MESSAGE.c.clicked_at,
    MESSAGE.c.person,
).order_by(MESSAGE.c.person, MESSAGE.c.decided_at, MESSAGE.c.number)
NOT_HAD = frozenset({"cancelled", "expired", "refused"})  # a mail that never left gives its place in the limits back


@dataclass(frozen=True, slots=True)
class Loaded:
    """A person as read, with what `commit` needs to see what has changed since and by whom.

    `horizon` is the number of the newest event in the store when it was read.
    """

    person: Person
    arrived: tuple[Event, ...]
    decided_until: int
    decided_number: int
    horizon: int
    zone: str
    facts: str
    tags: str
    state: str


_loaded = quick(Loaded)


def watermark(connection: Connection, name: str = "tick") -> datetime | None:
    """Up to when everything that falls due by itself has been looked at; None before the first tick."""
    found = ask(connection, _WATERMARK, name=name)
    return instant(found[0][0]) if found else None


_WATERMARK = select(WATERMARK.c.at).where(WATERMARK.c.name == bindparam("name"))
_NEWEST = select(func.max(EVENT.c.number))


class Unreadable(set[str]):
    """People who are set aside since their row cannot be made into a person; each is logged once, by our id."""

    def tell(self, person: str, fault: Exception) -> None:
        """Set one aside."""
        if person not in self:
            self.add(person)
            observe.note(observe.PERSON_UNREADABLE, level=logging.ERROR, person=person, **observe.fault_fields(fault))


def people(
    connection: Connection, ids: Sequence[str], now: datetime, unreadable: Unreadable | None = None
) -> list[Loaded]:
    """The people of these ids in the order of their ids; unknown ids are left out.

    One whose row cannot be made into a person is told to `unreadable` and left out; without it the fault is raised.
    """
    looked = watermark(connection)
    looked_until = 0 if looked is None else micros(looked)
    horizon = ask(connection, _NEWEST)[0][0] or 0
    known = renamed(connection)
    found: list[Loaded] = []
    for page in pages(sorted(ids)):
        found += _page(connection, page, micros(now), looked_until, horizon, unreadable)
    return [replace(one, person=person_today(one.person, known)) for one in found] if known else found


def _page(
    connection: Connection,
    ids: Sequence[str],
    now: int,
    looked_until: int,
    horizon: int,
    unreadable: Unreadable | None,
) -> list[Loaded]:
    found: list[Loaded] = []
    for of_row in rows_of(connection, ids):
        try:
            found.append(loaded(*of_row, now, looked_until, horizon))
        except Exception as fault:  # one damaged row must not hold up everybody else
            if unreadable is None:
                raise
            unreadable.tell(of_row[0][0], fault)
    return found


def rows_of(connection: Connection, ids: Sequence[str]) -> list[tuple[Any, Sequence[Any], Sequence[Any]]]:
    """The row of each person with those of their events and mails, as `loaded` takes them."""
    rows = among(connection, _PEOPLE, PERSON.c.id, ids)
    events = _by_person(among(connection, _EVENTS, EVENT.c.person, ids))
    messages = _by_person(among(connection, _MESSAGES, MESSAGE.c.person, ids))
    return [(row, events.get(row[0], ()), messages.get(row[0], ())) for row in rows]


def _by_person(rows: Iterable[Any]) -> dict[str, list[Any]]:
    """The rows by person, their last column."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row[-1], []).append(row)
    return found


def loaded(
    row: Any, event_rows: Sequence[Any], message_rows: Sequence[Any], now: int, looked_until: int, horizon: int
) -> Loaded:
    """A person from their row, events and messages, as last decided, with what is known by `now` and new to them."""
    id_, decided_until, decided_number, zone, facts, tags, state = row
    folded: list[Event] = []
    arrived: list[Event] = []
    for event_row in event_rows:
        if event_row[6] == "sequence" or (event_row[0] <= decided_number and event_row[4] <= decided_until):
            if event_row[2] not in OWN_EVENTS:  # those live on in the state; the rest is history
                folded.append(event_of(event_row[:-1]))
        elif event_row[4] <= now:
            arrived.append(event_of(event_row[:-1]))
    if len(folded) > 1:
        folded.sort(key=happening)
    if len(arrived) > 1:
        arrived.sort(key=arrival)
    person = new_person(
        id=id_,
        asof=instant(max(decided_until, looked_until)),
        facts=values_of(facts),
        tags=words_of(tags),
        events=tuple(folded),
        messages=tuple([message_of(one) for one in message_rows]),
        **state_of(state, {event.id: event for event in folded}),
    )
    return _loaded(person, tuple(arrived), decided_until, decided_number, horizon, zone, facts, tags, state)


def happening(event: Event) -> tuple[datetime, int]:
    """The order of a person's history."""
    return event.happened_at, event.number


def arrival(event: Event) -> tuple[datetime, datetime, int]:
    """The order in which events take effect: when known, then when happened, then as they arrived."""
    return event.known_at, event.happened_at, event.number


def message_of(row: Any) -> Message:
    """A message had, from a row of the ledger."""
    key, sequence, subject, step, mail, class_, topic, due, at, day, address, fate, offered, clicked = row[:14]
    return new_message(
        key,
        sequence,
        subject,
        step,
        mail,
        class_,
        topic,
        instant(due),
        instant(at),
        date.fromordinal(day),
        address,
        fate in NOT_HAD,
        offered,
        maybe_instant(clicked),
    )
