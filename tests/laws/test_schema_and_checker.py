"""Law: the editor's schema and the checker accept the same files (language.md 9.2: two checkers, one source).

Files are drawn from the step table itself, valid ones and ones with something changed; what is compared
is structure: keys, verbs, values and names, not what conditions mean.
"""

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import cast

import jsonschema
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from nurture.language.grammar import FAMILIES
from nurture.language.names import Names
from nurture.language.project import read_project
from nurture.language.reader import Reader
from nurture.language.reference import CHAPTERS
from nurture.language.schema import TABLES, schema
from nurture.language.shapes import (
    Anything,
    Choice,
    Day,
    Factor,
    Flag,
    Forms,
    Formula,
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
from nurture.model.book import Book, Mail
from nurture.model.catalogue import Catalogue, Thing
from nurture.model.event import Money
from nurture.model.expression import Condition, Kind, Literal
from nurture.model.house import House, LadderRule, Present, SpecialDay
from nurture.model.length import Length, Unit
from nurture.model.place import Place, Severity
from nurture.model.rules import Endpoint, Moment, Rules, Stage, Theme, Topic
from nurture.model.sequence import Sequence
from nurture.model.special_days import SPECIAL_DAYS

PLACE = Place("x.yaml")
BASE = Path(__file__).parents[1] / "specimens" / "check" / "base"
ALWAYS = Condition("true", Literal(True, Kind.bool), PLACE)
NAMES = Names(
    event=("order.placed", "joined"),
    stage=("buying", "vip"),
    moment=("telling",),
    mail=("hello", "offer"),
    topic=("tips",),
    theme=("mothers_day",),
    tag=("reviewer", "sleeping"),
    gift=("card",),
    ladder=("beans",),
    person=("lena",),
    endpoint=("erp",),
    thing=("subscription",),
    special_day=tuple(dict.fromkeys(["our_day", *SPECIAL_DAYS])),
    sequence=("welcome",),
)
GIVEN = House(
    gifts=(Present("card", Money(Decimal(3), "EUR")),),
    ladders=(LadderRule("beans", (), "joined", Length(21, Unit.day)),),
    days=(SpecialDay("our_day"),),
)
BOOK = Book(
    rules=Rules("x", people=(("lena", "lena@kestrel.example"),), endpoints=(Endpoint("erp", "ERP_URL"),)),
    catalogue=Catalogue(
        events={"order.placed": {}, "joined": {}}, things={"subscription": Thing("subscription", "subscription_id")}
    ),
    house=GIVEN,
    sequences={"welcome": cast(Sequence, None)},  # only its name is asked
    stages=(Stage("buying", "", ALWAYS), Stage("vip", "", ALWAYS)),
    moments=(Moment("telling", "", ALWAYS),),
    mails={"hello": Mail("hello"), "offer": Mail("offer")},
    topics={"tips": Topic("tips")},
    themes={"mothers_day": Theme("mothers_day")},
    tags=frozenset({"reviewer", "sleeping"}),
)
VALIDATORS = {kind: jsonschema.Draft7Validator(schema(kind, BOOK)) for kind in TABLES}
JUNK: list[object] = [
    None, True, False, 0, 1, 2, -1, -367, 2.5, 101, 3661, 10_000_001, "", " ", "x",
    "any", "never", "hello", "order.placed", "3 dayz", "3 days",
    "0 days", "72 hours", "09:30", "9:30", "2027-03-02", "Not A Name", "vip", "person.x", [], ["x"], ["mon"], [[]],
    "2027", "10-01", "EUR", "9 EUR", "start.name", "12%", {"2027": "2027-03-02"}, {"every": "week"},
    {}, {"x": 1}, {"event": "joined"}, {"send": "hello"}, {"until_day": 3},
]  # fmt: skip
KEYS = sorted(
    {key.name for family in FAMILIES.values() for table in family.tables for key in table.keys} | {"x", "was"}
)


HOLDING = ("branch", "any", "split", "repeat", "wait")
"""Verbs with steps in them."""


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[object]:
    """Values that fit a shape."""
    match shape:
        case Words():
            return st.sampled_from(["Hello", "مرحبا", 2027, 1.5])
        case Pattern(regex=regex):
            return st.from_regex(regex, fullmatch=True, alphabet=st.characters(codec="ascii", exclude_characters="\n"))
        case Known(what=what, also=also, form=form):
            known = st.sampled_from([*(NAMES.of(what) or ()), *also])
            return known if form is None else st.one_of(known, values(form))
        case Choice(options=options):
            return st.sampled_from(options)
        case Whole(least=least, most=most):
            return st.integers(least, most)
        case Factor():
            return st.sampled_from([0.5, 2, 3.25])
        case Flag(only=only):
            return st.booleans() if only is None else st.just(only)
        case Span(units=units):
            return st.builds(lambda amount, unit: f"{amount} {unit.value}s", st.integers(1, 90), st.sampled_from(units))
        case WallClock():
            return st.sampled_from(["00:00", "09:30", "23:59"])
        case Day():
            return st.sampled_from(["1970-01-01", "2028-02-29"])
        case Zone():
            return st.sampled_from(["Europe/Paris", "UTC"])
        case Question():
            return st.sampled_from(["true", True, "person.country == 'FR'"])
        case Formula():
            return st.sampled_from(["today", 3, 0.5, False])
        case Anything():
            return st.sampled_from(["x", 1, [1], {"x": 1}])
        case _:
            return composed(shape, depth)


def composed(shape: Shape, depth: int) -> st.SearchStrategy[object]:
    match shape:
        case Many(each=each, alone=alone, least=least, most=most):
            listed = st.lists(values(each, depth), min_size=least, max_size=max(least, min(most or 2, 2)))
            return st.one_of(listed, values(each, depth)) if alone else listed
        case Named(key=key, each=each):
            return st.dictionaries(values(key).map(str), values(each, depth), max_size=2)
        case Part(table=table):
            return mappings(table, depth)
        case Forms(family=family):
            tables = [table for table in FAMILIES[family].tables if depth < 3 or table.verb not in HOLDING]
            return st.sampled_from(tables).flatmap(lambda table: mappings(table, depth + 1))
        case PlainOr(plain=plain, mapping=mapping, listed=listed):
            return st.one_of([values(part, depth) for part in (plain, mapping, listed) if part])
        case _:
            raise TypeError(shape)


@st.composite
def mappings(draw: st.DrawFn, table: Table, depth: int = 0) -> dict[str, object]:
    """Mappings that fit a table."""
    wanted = {key.name for key in table.keys if key.required or draw(st.integers(0, 3)) == 0}
    if table.one_of:
        wanted = (wanted - set(table.one_of)) | {draw(st.sampled_from(table.one_of))}
    if table.some_of and not wanted & set(table.some_of):
        wanted.add(draw(st.sampled_from(table.some_of)))
    for name, fellow in table.beside:
        if fellow not in wanted or name not in wanted:
            wanted.discard(name)
    if table.some_of and not wanted & set(table.some_of):
        wanted.add(table.some_of[0])
    found = {key.name: draw(values(key.shape, depth)) for key in table.keys if key.name in wanted}
    return found | draw(values(table.others.shape, depth)) if table.others else found  # type: ignore[operator]


def spots(value: object) -> Iterator[tuple[dict[str, object] | list[object], str | int]]:
    """Every place in a file where something can be changed."""
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from spots(child)


@st.composite
def changed(draw: st.DrawFn, table: Table) -> dict[str, object]:
    """A file that fits, with up to two things changed."""
    file = copy.deepcopy(draw(mappings(table)))
    for _ in range(draw(st.integers(0, 2))):
        places = list(spots(file))
        if not places:
            break
        inside, key = draw(st.sampled_from(places))
        how = draw(st.sampled_from(["replace", "drop", "rename", "add"]))
        if how == "replace" or isinstance(inside, list):
            inside[key] = copy.deepcopy(draw(st.sampled_from(JUNK)))  # type: ignore[index,call-overload]
        elif how == "add":
            inside[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        else:
            value = inside.pop(str(key))
            if how == "rename":
                inside[draw(st.sampled_from(KEYS))] = value
    return file


def tree(value: object) -> Node:
    """The tree that a file with these values is read into."""
    if isinstance(value, dict):
        items = tuple((ScalarNode(PLACE, name, name), tree(child)) for name, child in value.items())
        return MappingNode(PLACE, items)
    if isinstance(value, list):
        return ListNode(PLACE, tuple(map(tree, value)))
    assert value is None or isinstance(value, str | int | float)
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return ScalarNode(PLACE, value, text)


@pytest.mark.parametrize("kind", TABLES)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_schema_and_checker_accept_the_same_files(kind: str, data: st.DataObject) -> None:
    file = data.draw(changed(TABLES[kind]))
    reader = Reader(NAMES)
    reader.fields(tree(file), TABLES[kind], kind)
    fits = VALIDATORS[kind].is_valid(file)
    event("fits" if fits else "does not fit")
    assert fits == (not reader.problems), reader.problems


@pytest.mark.parametrize("kind", TABLES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_the_table_allows_both_accept(kind: str, data: st.DataObject) -> None:
    file = data.draw(mappings(TABLES[kind]))
    reader = Reader(NAMES)
    reader.fields(tree(file), TABLES[kind], kind)
    assert not reader.problems
    VALIDATORS[kind].validate(file)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_whatever_is_written_the_checker_answers(data: st.DataObject) -> None:
    """No file makes it fail; and what it calls a book has no error."""
    files = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    kind = data.draw(st.sampled_from(list(TABLES)))
    folder = {"sequence": "", "calendar": "house/calendars/"}.get(kind, "house/")
    path = f"sequences/{folder}{'tips' if kind == 'sequence' else kind}.yaml"
    written = json.dumps(data.draw(changed(TABLES[kind])), ensure_ascii=False)
    reading = read_project(files | {path: written.encode()})
    errors = [problem for problem in reading.problems if problem.severity is Severity.error]
    assert (reading.book is None) == bool(errors)
    assert all(1 <= problem.place.line <= len(reading.sources[problem.place.file]) for problem in reading.problems)


def example(shape: Shape) -> object:
    """One value that fits a shape, the plainest there is."""
    match shape:
        case Words() | Formula() | Anything():
            return "x"
        case Pattern(of=of):
            return EXAMPLES[of]
        case Known(what=what):
            return (NAMES.of(what) or ())[0]
        case Choice(options=options):
            return options[0]
        case Whole(least=least):
            return least
        case Factor():
            return 2
        case Flag(only=only):
            return True if only is None else only
        case Span(units=units):
            return f"2 {units[0].value}s"
        case WallClock():
            return "09:30"
        case Day():
            return "2028-02-29"
        case Zone():
            return "Europe/Paris"
        case Question():
            return True
        case Many(each=each, least=least):
            return [example(each)] * least
        case Named(key=key, each=each):
            return {str(example(key)): example(each)}
        case Part(table=table):
            return plainest(table)
        case Forms(family=family):
            return plainest(FAMILIES[family].tables[0])
        case PlainOr(plain=plain):
            return example(plain)


EXAMPLES = {
    "a name": "tips",
    "a dotted name such as person.birthday": "person.birthday",
    "a fact such as person.vip_since": "person.vip_since",
    "so many per so long, e.g. 4 per year": "4 per 30 days",
    "an e-mail address": "lena@kestrel.example",
    "a locale such as en or pt-BR": "pt-BR",
    "a currency such as EUR": "EUR",
    "a share such as 10%": "10%",
    "a day and a time such as 2027-03-02 10:00": "2027-03-02 10:00",
    "the name of a folder, or what names it such as start.name": "start.name",
    "the name of an environment variable such as ERP_URL": "ERP_URL",
    "an amount and a currency such as 9 EUR": "9 EUR",
    "an amount per time such as 40 EUR per year": "40 EUR per year",
    "a pattern such as BDAY-{8}, where {8} stands for eight letters and digits": "BDAY-{8}",
    "a file of the project such as codes/free_shipping.csv, one code a line": "codes/free_shipping.csv",
    "a country such as FR": "FR",
    "a year such as 2027": "2027",
    "a month and a day such as 10-01": "10-01",
    "an event's name such as order.placed": "order.placed",
    "count, days, first, last or sum FIELD": "sum total",
}


def plainest(table: Table) -> dict[str, object]:
    """The smallest mapping that fits a table."""
    names = [key.name for key in table.keys if key.required] + [*table.one_of[:1], *table.some_of[:1]]
    return {key.name: example(key.shape) for key in table.keys if key.name in names}


def variants(table: Table) -> Iterator[dict[str, object]]:
    """The smallest mapping with each key there and not there, each pair of keys, and each key with each wrong value."""
    small = plainest(table)
    yield small
    for key in table.keys:
        yield {name: value for name, value in small.items() if name != key.name}
        for value in [example(key.shape), *JUNK]:
            yield {**small, key.name: value}
        for other in table.keys:
            yield {**small, key.name: example(key.shape), other.name: example(other.shape)}
    yield {**small, "nothing_of_ours": 1}
    if table.others is not None:
        yield {**small, **example(table.others.shape)}  # type: ignore[dict-item]


ALL = [table for _, tables in CHAPTERS for table in tables]


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_schema_and_checker_agree_on_every_key_of_every_table(table: Table) -> None:
    validator = validator_of(table)
    answers = set()
    for file in variants(table):
        reader = Reader(NAMES)
        reader.fields(tree(file), table, "file")
        fits = validator.is_valid(file)
        assert fits == (not reader.problems), (file, reader.problems)
        answers.add(fits)
    assert answers == {True, False}


def validator_of(table: Table) -> jsonschema.Draft7Validator:
    """The part of a schema that judges one table."""
    if table in TABLES.values():
        return VALIDATORS[next(kind for kind, found in TABLES.items() if found is table)]
    name = table.name.replace(" ", "_")
    whole = next(found.schema for found in VALIDATORS.values() if name in found.schema["definitions"])
    return jsonschema.Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": whole["definitions"]})
