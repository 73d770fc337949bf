"""What steps write into facts: only declared facts, with values of their type (language.md 3 and 4.3)."""

from collections.abc import Iterable, Mapping

from nurture.language.names import did_you_mean
from nurture.language.reader import Fields, Reader
from nurture.language.tree import MappingNode
from nurture.model.catalogue import Field
from nurture.model.expression import Expression, Kind, Literal
from nurture.model.place import Place

_FITS = {
    "text": {Kind.text},
    "number": {Kind.number},
    "bool": {Kind.bool},
    "day": {Kind.day, Kind.moment},
    "moment": {Kind.moment, Kind.day},
}


def check_set(
    step: Fields, values: Iterable[tuple[str, Expression]], facts: Mapping[str, Field], reader: Reader
) -> None:
    """E201 for a fact that is not declared, is worked out, or gets a value of another type or outside its list."""
    node = step.node.get("set")
    for name, value in values:
        key = node.key(name) if isinstance(node, MappingNode) else None
        place = key.place if key else step.place
        fact = check_kept(name, place, facts, reader)
        if fact is None:
            continue
        if value.kind not in _FITS.get(fact.type, set()):
            reader.say("E201", place, f"'{name}' is a {fact.type}, this is a {value.kind.value}")
        elif isinstance(value, Literal) and fact.one_of and value.value not in fact.one_of:
            words = did_you_mean(str(value.value), fact.one_of, f"one of {', '.join(fact.one_of)}")
            reader.say("E201", place, f"'{name}' is never '{value.value}'", words)


def check_kept(name: str, place: Place, facts: Mapping[str, Field], reader: Reader) -> Field | None:
    """The fact of that name; E201 and None for one that is not declared or is worked out from events."""
    fact = facts.get(name.removeprefix("person."))
    if fact is None:
        known = (f"person.{each}" for each in facts)
        reader.say("E201", place, f"nothing is called '{name}'", did_you_mean(name, known))
        return None
    if fact.take:
        reader.say("E201", place, f"'{name}' is worked out from events and cannot be set")
        return None
    return fact
