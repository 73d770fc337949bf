"""catalogue.yaml as a value: facts, events and what an order is (language.md 3)."""

from collections.abc import Mapping
from datetime import date

from nurture.language.house_grammar import CATALOGUE
from nurture.language.names import did_you_mean
from nurture.language.reader import Fields, Reader
from nurture.language.tree import MappingNode, Node
from nurture.model.catalogue import Catalogue, Field, Numbers, OrderRule, Thing
from nurture.model.event import OWN_EVENTS
from nurture.model.length import Length

OWN_ROOTS = frozenset(
    {"person", "start", "event", "steps", "gifts", "ladders", "numbers", "today", "occurrence", "rung", "rung_title"}
)
OWN_FACTS = frozenset({"id", "email", "stage", "orders"})
_TAKEN = {"count": "number", "days": "number", "sum": "number"}


def read_catalogue(root: Node, reader: Reader) -> tuple[Catalogue, frozenset[str], Fields | None]:
    """The catalogue as far as it can be understood, the names with findings, and what it was read from."""
    fields = reader.fields(root, CATALOGUE, "catalogue")
    if fields is None:
        return Catalogue(), frozenset(), None
    events = _events(fields, reader)
    person = _person(fields, events, reader)
    orders = _orders(fields.get("orders", Fields), events, reader)
    expects = tuple(fields.named("expects", Length).items())
    things = _things(fields, reader)
    numbers = {
        name: Numbers(name, _records(part), part.text("over", "week"))
        for name, part in fields.named("numbers", Fields).items()
    }
    done_by_shop = frozenset(fields.many("done_by_shop", str))
    catalogue = Catalogue(person, orders, events, done_by_shop, things, numbers, expects)
    return catalogue, _doubtful(fields, catalogue), fields


def _person(fields: Fields, events: Mapping[str, Mapping[str, Field]], reader: Reader) -> dict[str, Field]:
    found = {}
    for name, part in fields.named("person", Fields).items():
        if name in OWN_FACTS:
            reader.say("E114", part.place, f"'person.{name}' is nurture's own", "give this fact another name")
            continue
        take, _, of = part.text("take").partition(" ")
        if take == "sum" and not of:
            reader.say("E114", part.place_of("take"), "'take: sum' is not understood", "write what is added: sum FIELD")
        _check_taken(part, of, events, reader)
        _check_format(name, part, reader)
        found[name] = _field(name, part, take, of, events)
    return found


def _check_taken(part: Fields, of: str, events: Mapping[str, Mapping[str, Field]], reader: Reader) -> None:
    known = events.get(part.text("from"))
    if of and known is not None and of not in known:
        message = f"'{part.text('from')}' has no field '{of}'"
        reader.say("E201", part.place_of("take"), message, did_you_mean(of, known))


def _check_format(name: str, part: Fields, reader: Reader) -> None:
    """Country, locale and zone are looked for by name, so under another name they would never be read."""
    format_ = part.text("format")
    if format_ and format_ != name:
        hint = f"call the fact '{format_}', or leave the format out"
        reader.say("E114", part.place_of("format"), f"nurture looks for a {format_} in 'person.{format_}' only", hint)


def _field(name: str, part: Fields, take: str, of: str, events: Mapping[str, Mapping[str, Field]]) -> Field:
    taken = events.get(part.text("from"), {}).get(of)
    type_ = part.text("type") or _TAKEN.get(take) or (taken.type if taken else "moment")
    return Field(
        name,
        type_,
        part.text("format"),
        part.many("one_of", str),
        part.many("placeholders", date),
        part.text("year") == "optional",
        part.flag("sensitive", default=False),
        part.values.get("example"),
        part.text("from"),
        take,
        of,
        part.place,
    )


def _events(fields: Fields, reader: Reader) -> dict[str, dict[str, Field]]:
    events = fields.named("events", dict)
    node = fields.node.get("events")
    for name in events:
        if name in OWN_EVENTS and isinstance(node, MappingNode) and (key := node.key(name)):
            reader.say("E114", key.place, f"'{name}' is an event of nurture's own", "give this event another name")
    return {
        event: {name: _event_field(name, value) for name, value in found.items()} for event, found in events.items()
    }


def _event_field(name: str, value: object) -> Field:
    if isinstance(value, tuple):
        told = {key for line in value if isinstance(line, Fields) for key in line.node.keys}
        return Field(name, "lines", parts=tuple(part for part in ("quantity", "price") if part in told))
    if isinstance(value, Fields):
        return _field(name, value, "", "", {})
    return Field(name, str(value))


def _things(fields: Fields, reader: Reader) -> dict[str, Thing]:
    found = {}
    for name, part in fields.named("things", Fields).items():
        if name in OWN_ROOTS:
            reader.say("E114", part.place, f"'{name}' is a word of nurture's own", "give this thing another name")
            continue
        found[name] = Thing(name, part.text("key"), _records(part))
    return found


def _records(part: Fields) -> dict[str, Field]:
    return {name: _event_field(name, value) for name, value in part.named("fields", object).items()}


def _orders(part: Fields | None, events: Mapping[str, Mapping[str, Field]], reader: Reader) -> OrderRule | None:
    if part is None or not part.text("from"):
        return None
    rule = OrderRule(part.text("from"), part.text("id"), part.many("undone_by", str))
    for event in (rule.event, *rule.undone_by):
        known = events.get(event)
        if rule.id_field and known is not None and rule.id_field not in known:
            message = f"'{event}' has no field '{rule.id_field}'"
            reader.say("E201", part.place_of("id"), message, did_you_mean(rule.id_field, known))
    return rule


def _doubtful(fields: Fields, catalogue: Catalogue) -> frozenset[str]:
    """Facts and fields that were declared but not understood: questions that use them are left alone."""
    found = {f"person.{name}" for name in _keys(fields.node.get("person")) if name not in catalogue.person}
    if catalogue.orders is None and fields.written("orders"):
        found.add("person.orders")
    events = fields.node.get("events")
    for event, node in events if isinstance(events, MappingNode) else ():
        known = catalogue.events.get(event.text, {})
        found |= {f".{name}" for name in _keys(node) if name not in known}
    return frozenset(found)


def _keys(node: Node | None) -> tuple[str, ...]:
    return node.keys if isinstance(node, MappingNode) else ()
