"""Local days worked out of a person: the rows by which silences, dates, feasts and numbers are found."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, select

from nurture.model.event import OWN_EVENTS, MonthDay
from nurture.model.person import Person
from nurture.store.database import ask, bucket, insert_many, write_many
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
    clock = ZoneInfo(zone)
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
    clock = ZoneInfo(zone)
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
    before = [rows_of(old, old_zone) if old_zone else ([], []) for _, _, old, old_zone in moved]
    after = [rows_of(person, zone) for person, zone, _, _ in moved]
    for place, table, names in ((0, SILENCE, ("event",)), (1, DAY_OF, ("path", "thing"))):
        gone: list[dict[str, Any]] = []
        new: list[dict[str, Any]] = []
        for (person, _, _, old_zone), old_rows, new_rows in zip(moved, before, after, strict=True):
            kept = {tuple(row[name] for name in names): row for row in old_rows[place]}
            wanted = {tuple(row[name] for name in names): row for row in new_rows[place]}
            differing = [key for key in kept | wanted if kept.get(key) != wanted.get(key)]
            gone += [{"person_": person.id, **dict(zip(_BOUND, key, strict=False))} for key in differing if old_zone]
            new += [wanted[key] for key in differing if key in wanted]
        if gone:
            write_many(connection, _FORGET[names], gone)
        insert_many(connection, table, new)
    _keep_zones(connection, {zone for _, zone, _, _ in moved})


_BOUND = ("name_", "thing_")
_FORGET = {
    names: delete(table).where(
        table.c.person == bindparam("person_"),
        *(table.c[name] == bindparam(bound) for name, bound in zip(names, _BOUND, strict=False)),
    )
    for table, names in ((SILENCE, ("event",)), (DAY_OF, ("path", "thing")))
}


def _keep_zones(connection: Connection, zones: set[str]) -> None:
    new = sorted(zones - set(zones_of(connection)))
    if new:
        connection.execute(ZONE_GROUP.insert(), [{"zone": zone} for zone in new])


def zones_of(connection: Connection) -> list[str]:
    """The zones in which people live."""
    return [row[0] for row in ask(connection, _ZONES)]


_ZONES = select(ZONE_GROUP.c.zone).order_by(ZONE_GROUP.c.zone)
