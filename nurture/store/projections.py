"""Local days worked out of a person: the rows by which silences, dates, feasts and numbers are found."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, select, text, update

from nurture.model.event import OWN_EVENTS, MonthDay
from nurture.model.person import Person
from nurture.store.database import ask, bucket, insert_many, write_many
from nurture.store.local import clock_of
from nurture.store.tables import DAY_OF, SILENCE, ZONE_GROUP

ORDERS = "person.orders"  # the last order that was not undone, beside the last of every event
HEARD = "person.heard"  # the last mail that gave them something; before there was one, their first consent
NOT_GIVING = frozenset({"service", "offer"})  # as `decide` counts them (language.md 15)
Dated = dict[tuple[str, str], tuple[int, int]]
"""By path and key of a thing: month * 100 + day, and year or 0."""


def silence_of(person: Person, zone: str) -> dict[str, int]:
    """The last local day (ordinal) of every event, and of the orders that count."""
    last: dict[str, datetime] = {}
    for event in person.events:
        name = event.name
        if name not in OWN_EVENTS and (name not in last or last[name] < event.happened_at):
            last[name] = event.happened_at
    if person.orders.last_at is not None:
        last[ORDERS] = person.orders.last_at
    clock = clock_of(zone)
    found = {name: at.astimezone(clock).toordinal() for name, at in last.items()}
    heard = _heard(person, clock)
    if heard is not None:
        found[HEARD] = heard
    return found


def _heard(person: Person, clock: ZoneInfo) -> int | None:
    days = [one.day for one in person.messages if one.class_ not in NOT_GIVING and not one.cancelled]
    if days:
        return max(days).toordinal()
    given = [one.since for one in person.consents.values() if one.given]
    return min(given).astimezone(clock).toordinal() if given else None


def days_of(person: Person, zone: str) -> Dated:
    """Every date known of the person and of their things, when numbers were told, and their tags (on no day)."""
    clock = clock_of(zone)
    found: Dated = {}
    for name, value in person.facts.items():
        if _is_day(value):
            found[(name, "")] = _month_day(value, clock)
        elif isinstance(value, tuple | frozenset):
            found |= {(tag_path(name, tag), ""): (0, 0) for tag in value if isinstance(tag, str)}
    for path, value in (("orders.first_at", person.orders.first_at), ("orders.last_at", person.orders.last_at)):
        if value is not None:
            found[(path, "")] = _month_day(value, clock)
    for kind, things in person.things.items():
        for key, fields in things.items():
            days = {name: value for name, value in fields.items() if _is_day(value)}
            found |= {(f"{kind}.{name}", key): _month_day(value, clock) for name, value in days.items()}
    found |= {(numbers_path(name), ""): _month_day(told, clock) for name, (told, _) in person.numbers.items()}
    return found


def tag_path(fact: str, tag: str) -> str:
    """Where it is kept that a fact of tags has one."""
    return f"{fact}:{tag}"


def numbers_path(name: str) -> str:
    """Where it is kept when numbers were told."""
    return f"numbers:{name}"


def _is_day(value: object) -> bool:
    return isinstance(value, date | MonthDay)  # a datetime is a date


def _month_day(value: Any, clock: ZoneInfo) -> tuple[int, int]:
    if isinstance(value, MonthDay):
        return value.month * 100 + value.day, 0
    day = value.astimezone(clock) if isinstance(value, datetime) else value
    return day.month * 100 + day.day, day.year


def rows_of(person: Person, zone: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of `silence` and of `day_of` for one person."""
    if person.erased:
        return [], []  # nothing is looked for of whoever was forgotten
    who = {"person": person.id, "bucket": bucket(person.id), "zone": zone}
    silence = [{**who, "event": name, "last_day": day} for name, day in silence_of(person, zone).items()]
    days = [
        {**who, "path": path, "thing": thing, "month_day": month_day, "year": year}
        for (path, thing), (month_day, year) in days_of(person, zone).items()
    ]
    return silence, days


def rewrite(connection: Connection, people: Sequence[tuple[Person, str]]) -> None:
    """Replace the rows of these people (each with the reader's zone); at most a page of them."""
    if not people:
        return
    ids = [person.id for person, _ in people]
    silence: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    for person, zone in people:
        more_silence, more_days = rows_of(person, zone)
        silence += more_silence
        days += more_days
    for table, rows in ((SILENCE, silence), (DAY_OF, days)):
        connection.execute(delete(table).where(table.c.person.in_(ids)))
        insert_many(connection, table, rows)
    _keep_zones(connection, {zone for _, zone in people})


def move(connection: Connection, moved: Sequence[tuple[Person, str, Person, str]]) -> None:
    """Write what differs for people (each with the reader's zone) from what is kept of them as they were before.

    Nothing is kept of somebody who was in no zone yet.
    """
    silence, days = _Moves(SILENCE), _Moves(DAY_OF)
    for person, zone, old, old_zone in moved:
        still = zone == old_zone and not (person.erased or old.erased)
        who = {"person": person.id, "bucket": bucket(person.id), "zone": zone}
        if not (still and person.events is old.events and person.orders is old.orders):
            silence.add(who, _silence_kept(old, old_zone), _silence_kept(person, zone), old_zone)
        elif person.messages is not old.messages or person.consents is not old.consents:
            was, heard = (_heard(one, clock_of(zone)) for one in (old, person))
            if was != heard:
                silence.add(who, _heard_kept(was), _heard_kept(heard), old_zone)
        if not (still and _same_dates(person, old)):
            days.add(who, _days_kept(old, old_zone), _days_kept(person, zone), old_zone)
    silence.write(connection)
    days.write(connection)
    _keep_zones(connection, {zone for _, zone, _, _ in moved})


def _same_dates(person: Person, old: Person) -> bool:
    """Whether all that `days_of` reads is what it was."""
    return (
        person.facts is old.facts
        and person.orders is old.orders
        and person.things is old.things
        and person.numbers is old.numbers
    )


Kept = dict[tuple[str, ...], Mapping[str, int]]


class _Moves:
    """The rows of one table that go, change and come."""

    def __init__(self, table: Table) -> None:
        self.table, self.names = table, _NAMES[table]
        self.gone: list[dict[str, Any]] = []
        self.moved: list[dict[str, Any]] = []
        self.new: list[dict[str, Any]] = []

    def add(self, who: Mapping[str, Any], kept: Kept, wanted: Kept, old_zone: str) -> None:
        """What differs for a person between what is kept of them and what is wanted."""
        anew = old_zone != who["zone"]  # a row says the zone, too
        for key in kept | wanted:
            if not anew and kept.get(key) == wanted.get(key):
                continue
            said = {"person_": who["person"], **dict(zip(_BOUND, key, strict=False))}
            if key not in wanted:
                self.gone.append(said)
            elif key in kept:
                self.moved.append({**said, "zone": who["zone"], **wanted[key]})
            else:
                self.new.append({**who, **dict(zip(self.names, key, strict=True)), **wanted[key]})

    def write(self, connection: Connection) -> None:
        """Take away, change and add."""
        if self.gone:
            write_many(connection, _FORGET[self.table], self.gone)
        if self.moved:
            write_many(connection, _CHANGE[self.table], self.moved)
        insert_many(connection, self.table, self.new)


def _silence_kept(person: Person, zone: str) -> Kept:
    """What `silence` keeps of a person: nothing while they are in no zone, nor of whoever was forgotten."""
    if not zone or person.erased:
        return {}
    return {(event,): {"last_day": day} for event, day in silence_of(person, zone).items()}


def _heard_kept(day: int | None) -> Kept:
    """That part of it which their mails and consents move."""
    return {} if day is None else {(HEARD,): {"last_day": day}}


def _days_kept(person: Person, zone: str) -> Kept:
    """What `day_of` keeps of a person."""
    if not zone or person.erased:
        return {}
    return {key: {"month_day": day, "year": year} for key, (day, year) in days_of(person, zone).items()}


_BOUND = ("name_", "thing_")
_NAMES = {SILENCE: ("event",), DAY_OF: ("path", "thing")}


def _mine(table: Table) -> list[ColumnElement[bool]]:
    named = zip(_NAMES[table], _BOUND, strict=False)
    return [table.c.person == bindparam("person_"), *(table.c[name] == bindparam(bound) for name, bound in named)]


_FORGET = {table: delete(table).where(*_mine(table)) for table in _NAMES}
_CHANGE = {table: update(table).where(*_mine(table)) for table in _NAMES}


def _keep_zones(connection: Connection, zones: set[str]) -> None:
    new = sorted(zones - set(zones_of(connection)))
    if new:
        connection.execute(_NEW_ZONE, [{"zone": zone} for zone in new])


_NEW_ZONE = text("INSERT INTO zone_group (zone) VALUES (:zone) ON CONFLICT DO NOTHING")  # others may be as quick


def zones_of(connection: Connection) -> list[str]:
    """The zones in which people live."""
    return [row[0] for row in ask(connection, _ZONES)]


_ZONES = select(ZONE_GROUP.c.zone).order_by(ZONE_GROUP.c.zone)
