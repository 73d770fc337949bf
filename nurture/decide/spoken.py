"""The text of a task with its values in it, as people of the shop read it (language.md 4.3)."""

from datetime import date, datetime

from nurture.decide.clock import local
from nurture.decide.conditions import evaluate
from nurture.decide.scene import Scene
from nurture.model.event import MonthDay
from nurture.model.step import Text

UNKNOWN = "?"


def spoken(text: Text, scene: Scene) -> str:
    """The words, with each expression's value in its place; what is not known is a `?`."""
    return "".join(part if isinstance(part, str) else plain(evaluate(part, scene), scene) for part in text.parts)


def plain(value: object, scene: Scene) -> str:
    """A value in plain words: dates as `8 Mar 2027`, moments on the reader's clock."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.10g}"
        case datetime():
            there = local(value, scene.clock)
            return f"{there.day} {there:%b %Y %H:%M}"
        case MonthDay(month=month, day=day):
            return f"{day} {date(2000, month, day):%b}"
        case date():
            return f"{value.day} {value:%b %Y}"
        case tuple() | list() | frozenset():
            return ", ".join(sorted(map(str, value)))
        case _:
            return str(value)
