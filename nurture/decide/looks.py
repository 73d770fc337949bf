"""What a condition found: for each part the author's words, the values, and the answer (language.md 11.5)."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache

from nurture.decide.clock import local
from nurture.decide.closures import evaluate
from nurture.decide.scene import Scene
from nurture.model.catalogue import Catalogue
from nurture.model.decision import Look
from nurture.model.event import MonthDay
from nurture.model.expression import (
    Among,
    Both,
    Call,
    Compare,
    Condition,
    Either,
    Expression,
    IsKnown,
    Name,
    Opposite,
)
from nurture.model.moving import walk

_ANSWERS = {True: "yes", False: "no", None: "unknown"}
_STATES = {"has_tag": "tags", "has_moment": "moments", "got": "messages", "bought": "person.orders"}
_NOTHING = Catalogue()
_OWN_ROOTS = frozenset({"person", "today", "event", "start", "steps", "gifts", "ladders"})
_NO_ORDER = frozenset({("person", "orders", "first_at"), ("person", "orders", "last_at")})


def looks(condition: Condition, scene: Scene) -> tuple[Look, ...]:
    """One look for each part that `and` joins at the top; times in what was found are the reader's."""
    root = condition.root
    parts = root.parts if isinstance(root, Both) else (root,)
    words = _words(condition.text, len(parts))
    return tuple(_look(words[place], part, scene) for place, part in enumerate(parts))


def _look(words: str, part: Expression, scene: Scene) -> Look:
    value = evaluate(part, scene)
    answer = _ANSWERS[value if isinstance(value, bool) else None]
    return Look(words, _unknown(part, scene) if value is None else _found(part, scene), answer)


@lru_cache(maxsize=4096)
def _words(text: str, count: int) -> tuple[str, ...]:
    """The author's words of each part, split at the `and`s outside brackets and quotes."""
    text = " ".join(text.split())
    while True:
        found = tuple(_split(text))
        if len(found) == count:
            return found
        if not (text.startswith("(") and text.endswith(")")):
            return (text,) * count
        text = text[1:-1].strip()


def _split(text: str) -> Iterator[str]:
    depth, quote, start = 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif depth == 0 and _is_and(text, place):
            yield text[start:place].strip()
            start = place + 3
    yield text[start:].strip()


def _is_and(text: str, place: int) -> bool:
    """Whether the word `and` stands here by itself."""
    if text[place : place + 3] != "and":
        return False
    around = text[max(0, place - 1) : place] + text[place + 3 : place + 4]
    return not any(sign.isalnum() or sign in "_." for sign in around)


def _found(part: Expression, scene: Scene) -> str:
    match part:
        case Compare(operator=operator, left=left, right=right):
            return f"{_shown(left, scene)} {operator} {_shown(right, scene)}"
        case Among(item=item):
            return _shown(item, scene)
        case IsKnown(item=item):
            return _shown(item, scene)
        case Both(parts=parts):
            return " and ".join(_nested(inner, scene) for inner in parts)
        case Either(parts=parts):
            return " or ".join(_nested(inner, scene) for inner in parts)
        case Opposite(part=inner):
            return f"not {_nested(inner, scene)}"
        case _:
            return _shown(part, scene)


def _nested(part: Expression, scene: Scene) -> str:
    found = _unknown(part, scene) if evaluate(part, scene) is None else _found(part, scene)
    return f"({found})" if isinstance(part, Both | Either) else found


def _shown(expression: Expression, scene: Scene) -> str:
    return written(evaluate(expression, scene), scene)


def written(value: object, scene: Scene) -> str:
    """A value as an author would write it; moments as the reader's wall time."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.10g}"
        case str():
            return f"'{value}'"
        case datetime():
            return f"{local(value, scene.clock):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case MonthDay(month=month, day=day):
            return f"--{month:02}-{day:02}"
        case tuple() | list() | frozenset():
            return " ".join(sorted(map(str, value)))
        case _:
            return str(value)


def _unknown(part: Expression, scene: Scene) -> str:
    """Which names made the answer unknown."""
    missing = [name for name in walk(part) if isinstance(name, Name) and evaluate(name, scene) is None]
    if missing and all(name.path in _NO_ORDER for name in missing):
        return "unknown (no order yet)"
    if missing:
        return f"unknown: {', '.join(dict.fromkeys(map(str, missing)))}"
    yearless = [str(name) for name in walk(part) if isinstance(evaluate(name, scene), MonthDay)]
    if yearless:
        return f"unknown: {', '.join(dict.fromkeys(yearless))} (no year)"
    return "unknown (division by zero)"


def facts_named(expression: Expression, catalogue: Catalogue = _NOTHING) -> frozenset[str]:
    """What an answer hangs on, in the words of a change: `person.birthday`, `person.orders`, `tags`, an event name.

    With the catalogue also the events that a worked-out fact is taken from.
    """
    return frozenset(named for part in walk(expression) for named in _hangs_on(part, catalogue))


def _hangs_on(part: Expression, catalogue: Catalogue) -> Iterator[str]:
    if isinstance(part, Name) and part.path[0] == "person":
        yield ".".join(part.path[:2])
        field = catalogue.person.get(part.path[1])
        if field is not None and field.source:
            yield from _happenings(field.source, catalogue)
    if isinstance(part, Name) and part.path[0] == "steps" and part.path[-1] == "clicked":
        yield "clicks"
    if isinstance(part, Name) and part.path[0] == "gifts":
        yield "gifts"
    if isinstance(part, Name) and part.path[0] == "ladders":
        yield from ("messages", "person.orders")
    if isinstance(part, Name) and part.path[0] not in _OWN_ROOTS:
        yield ".".join(part.path[:2])  # a field of a thing, or `numbers.cups`
    if isinstance(part, Call):
        if part.function == "count":
            yield from _happenings(part.word, catalogue)
        elif part.function in _STATES:
            yield _STATES[part.function]


def _happenings(name: str, catalogue: Catalogue) -> Iterator[str]:
    """An event; for the order event also what undoes it."""
    yield name
    if catalogue.orders is not None and catalogue.orders.event == name:
        yield "person.orders"
