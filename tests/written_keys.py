"""Every place of a file at which a key of the language is written, and what else could stand there."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from nurture.language.grammar import FAMILIES
from nurture.language.names import Names
from nurture.language.schema import TABLES
from nurture.language.shapes import (
    Choice,
    Day,
    Factor,
    Flag,
    Forms,
    Formula,
    Key,
    Known,
    Many,
    Named,
    Part,
    Pattern,
    PlainOr,
    Question,
    Shape,
    Span,
    Table,
    WallClock,
    Whole,
    Words,
    Zone,
)
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode
from nurture.language.values import span_pattern

Way = tuple[str | int, ...]
PATTERNS = (
    "99%", "1 per day", "9 per year", "1 USD", "99 EUR", "1 EUR per year", "99 EUR per year", "2027-05-12 11:00",
    "11-11", "OTHER-{10}", "other.csv", "person.vip_since", "person.zone", "person.country", "person.keeps",
    "event.ticket", "event.order_id", "last total", "count", "TRY", "tr", "someone@keys.example", "OTHER_ENV",
    "festive", "start.source", "order.other", "pause", "other_id",
)  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """A key of a table at one place of a file."""

    table: str
    key: str
    path: Way
    shape: Shape


def plain(node: Node | None) -> object:
    """A tree as plain values."""
    match node:
        case MappingNode():
            return {key.text: plain(value) for key, value in node}
        case ListNode():
            return [plain(value) for value in node]
        case ScalarNode():
            return node.value
    return None


def spots(value: object, table: Table, path: Way = ()) -> Iterator[Spot]:
    """Every key in a mapping of that table, and in everything inside it."""
    if not isinstance(value, dict):
        return
    for name, inside in value.items():
        key = _key(table, name)
        if key is not None:
            yield Spot(table.name, key.name, (*path, name), key.shape)
            yield from _inside(inside, key.shape, (*path, name))


def _key(table: Table, name: str) -> Key | None:
    key = table.key(name)
    if key is None and table.others is not None and isinstance(table.others.shape, Named):
        return Key(table.others.name, table.others.shape.each, "")
    return key


def _inside(value: object, shape: Shape, path: Way) -> Iterator[Spot]:
    match shape:
        case Many(each=each):
            for place, item in enumerate(value) if isinstance(value, list) else ():
                yield from _inside(item, each, (*path, place))
            if not isinstance(value, list):
                yield from _inside(value, each, path)
        case Named(each=each) if isinstance(value, dict):
            for name, item in value.items():
                yield from _inside(item, each, (*path, name))
        case Part(table=table):
            yield from spots(value, table, path)
        case Forms(family=family) if isinstance(value, dict):
            tables = [table for table in FAMILIES[family].tables if table.verb in value]
            meant = [table for table in tables if all(table.key(one.verb) for one in tables)]
            for table in meant[:1]:
                yield from spots(value, table, path)
        case PlainOr(mapping=mapping, listed=listed):
            for part in (mapping if isinstance(value, dict) else listed if isinstance(value, list) else None,):
                yield from _inside(value, part, path) if part else ()


def changed(file: object, spot: Spot, names: Names) -> Iterator[object]:
    """The file without the key, and with other values behind it."""
    *way, last = spot.path
    before = at(file, tuple(way))
    assert isinstance(before, dict)
    for value in (None, *others(before[str(last)], spot.shape, names)):
        made = copy.deepcopy(file)
        inside = at(made, tuple(way))
        assert isinstance(inside, dict)
        if value is None:
            del inside[str(last)]
        else:
            inside[str(last)] = value
        yield made


def at(file: object, path: Way) -> object:
    """What stands at a place of a file."""
    for step in path:
        file = file[step]  # type: ignore[index]
    return file


def others(value: object, shape: Shape, names: Names) -> Iterator[object]:
    """Values that could stand there instead."""
    match shape:
        case Many(each=each):
            if isinstance(value, list):
                yield from ([*value[:place], *value[place + 1 :]] for place in range(len(value)) if len(value) > 1)
                for place, item in enumerate(value):
                    if not isinstance(item, dict):
                        yield from ([*value[:place], other, *value[place + 1 :]] for other in others(item, each, names))
            else:
                yield from others(value, each, names)
        case Named(each=each) if isinstance(value, dict):
            yield from ({one: item for one, item in value.items() if one != name} for name in value)
            for name, item in value.items():
                yield from ({**value, name: other} for other in others(item, each, names))
        case PlainOr(plain=alone, mapping=mapping):
            yield from others(value, mapping if isinstance(value, dict) else alone, names)
        case _:
            yield from (other for other in _values(value, shape, names) if other != value)


def _values(value: object, shape: Shape, names: Names) -> Iterator[object]:
    match shape:
        case Flag():
            yield not value
        case Choice(options=options):
            yield from options
        case Known(what=what, also=also):
            yield from (*also, *(names.of(what) or ()))
        case Span():
            lengths = ("1 minute", "50 minutes", "1 hour", "9 days", "1 day", "40 days", "3 working days", "2 years")
            yield from (one for one in lengths if re.fullmatch(span_pattern(shape), one))
        case WallClock():
            yield from ("15:45", "07:00", "23:00")
        case Whole(least=least, most=most) if isinstance(value, int):
            yield from (one for one in (value + 1, value - 1, value * 3, least) if least <= one <= most)
        case Factor() if isinstance(value, int | float):
            yield from (value * 3, value / 3)
        case Day():
            yield "2027-06-15"
        case Zone():
            yield "Asia/Tokyo"
        case Question():
            yield from ("person.id == 'nobody'", "person.country is unknown", "person.country is known", "true")
        case Formula():
            yield from ("'espresso'", "person.id", 3)
        case Words():
            yield f"{value} and more"
        case Pattern(regex=regex):
            yield from (one for one in PATTERNS if re.fullmatch(regex, one))


def every_key() -> tuple[tuple[str, str], ...]:
    """All keys of all tables of the language, by table."""
    return tuple(_behind())


def _tables(shape: Shape | None) -> list[Table]:
    match shape:
        case Many(each=each) | Named(each=each):
            return _tables(each)
        case Part(table=table):
            return [table]
        case Forms(family=family):
            return list(FAMILIES[family].tables)
        case PlainOr(mapping=mapping, listed=listed):
            return [*_tables(mapping), *_tables(listed)]
    return []


def leads_to(table: str, key: str) -> frozenset[str]:
    """The names of the tables that stand directly behind a key."""
    return _behind()[table, key]


@cache
def _behind() -> dict[tuple[str, str], frozenset[str]]:
    tables: dict[str, Table] = {}
    waiting = list(TABLES.values())
    while waiting:
        table = waiting.pop(0)
        if table.name not in tables:
            tables[table.name] = table
            waiting += [one for key in _all_keys(table) for one in _tables(key.shape)]
    return {
        (table.name, key.name): frozenset(one.name for one in _tables(key.shape))
        for table in tables.values()
        for key in _all_keys(table)
    }


def _all_keys(table: Table) -> tuple[Key, ...]:
    return (*table.keys, *([table.others] if table.others else []))
