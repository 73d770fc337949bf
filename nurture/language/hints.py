"""What an author can do about a value, key or name that was not understood: the second line of a finding."""

import re

from nurture.language.names import did_you_mean, nearest
from nurture.language.shapes import Choice, Factor, Flag, Key, Pattern, Shape, Span, Table, WallClock, Whole, Zone
from nurture.language.start_grammar import NAME
from nurture.language.values import length, matches
from nurture.model.length import Unit

_DECLARED_IN = {
    "event": "catalogue",
    "thing": "catalogue",
    "stage": "stages",
    "stage of the line": "stages",
    "topic": "topics",
    "theme": "topics",
    "tag": "topics",
    "gift": "gifts",
    "ladder": "ladders",
    "person": "rules",
    "endpoint": "rules",
}
_FEW = 8  # keys that a hint can list
_SHORT = 60  # letters of all the names that a hint can list
_AMOUNT = re.compile(r"([0-9]+) *([A-Za-z ]*)")
_NO_PLAIN_BLANK = re.compile("[\u00a0\u2000-\u200a\u202f\u3000]")


def of_value(shape: Shape, text: str) -> str:
    """How a value of this shape is written."""
    odd = _NO_PLAIN_BLANK.search(text)
    if odd:
        return f"it holds a blank that only looks like one (U+{ord(odd[0]):04X}); type it anew"
    match shape:
        case Choice():
            few = f"only {shape.options[0]}" if len(shape.options) == 1 else f"one of {', '.join(shape.options)}"
            return did_you_mean(text, shape.options, few)
        case Span():
            return _of_length(shape, text)
        case Pattern():
            return shape.hint or f"write {shape.of}"
        case Whole():
            bounds = f"a whole number from {shape.least} to {shape.most}"
            return f"only {shape.least}" if shape.least == shape.most else bounds
        case Factor():
            return "a number above 0, e.g. 1.5"
        case Zone():
            return _of_zone(text)
        case Flag():
            return "true or false" if shape.only is None else f"only {str(shape.only).lower()} means anything here"
        case WallClock():
            return "a 24-hour clock time, e.g. 09:30"
        case _:
            return ""


def _of_length(span: Span, text: str) -> str:
    """What may have been meant by a slip of the unit's letters (`3 dayz`), or how a length is written."""
    units = [f"{unit.value}s" for unit in span.units]
    if length(text, Span(tuple(Unit))):
        return f"a length in {' or '.join(units)}"
    if length(text, Span(span.units, least=0)):
        return f"at least {span.least}"
    found = _AMOUNT.fullmatch(text)
    amount, unit = (found[1], found[2].strip()) if found else ("", "")
    apart = f"{amount} {unit}"
    if apart != text and length(apart, span):
        return f"did you mean '{apart}'?"
    near = nearest(unit, units)
    if near and amount and abs(len(near) - len(unit)) <= 1:
        meant = near.removesuffix("s") if amount == "1" else near
        return f"did you mean '{amount} {meant}'?"
    return f"a whole number and one of {', '.join(units)}, e.g. {amount or 3} {units[min(2, len(units) - 1)]}"


def _of_zone(text: str) -> str:
    from zoneinfo import available_timezones  # reads a folder of files

    return did_you_mean(text, available_timezones(), "an IANA zone, e.g. Europe/Paris")


def of_key(table: Table, word: str) -> str:
    """Which key may have been meant, or which there are."""
    names = [key.name for key in table.keys]
    few = f"one of {', '.join(names)}" if 1 < len(names) <= _FEW else ""
    if not few and not word.isascii():
        few = f"keys are written in English: {', '.join(names[:3])} and so on"
    return dict(table.cures).get(word) or did_you_mean(word, names, few)


def of_name(what: str, word: str, names: tuple[str, ...] = ()) -> str:
    """Where a name that does not exist would be given, and which there are."""
    if what == "mail":
        return f"`nurture new mail {word}` writes one" if matches(NAME.regex, word) else NAME.hint
    if what == "special day":
        return "name it in a file of sequences/house/calendars/"
    if what == "sequence":
        return f"`nurture new sequence {word}` writes one" if matches(NAME.regex, word) else NAME.hint
    if what not in _DECLARED_IN:
        return ""
    declare = f"declare it in sequences/house/{_DECLARED_IN[what]}.yaml"
    there = ", ".join(names)
    return f"there are {there}; or {declare}" if there and len(there) <= _SHORT else declare


def of_missing(key: Key) -> str:
    """What to write where a key is missing."""
    return f"{key.name}: {' | '.join(key.shape.options)}" if isinstance(key.shape, Choice) else ""


def of_mapping(table: Table) -> str:
    """Which keys belong where there is no mapping."""
    required = [key.name for key in table.keys if key.required]
    return ", ".join(required or [key.name for key in table.keys])


def either(names: tuple[str, ...]) -> str:
    """`'per' or 'within'`."""
    return " or ".join(f"'{name}'" for name in names)


def all_of(keys: list[Key]) -> str:
    """`'name', 'classes' and 'after'`."""
    named = [f"'{key.name}'" for key in keys]
    return " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))


def with_article(what: str) -> str:
    """`an event`, `a stage`."""
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"
