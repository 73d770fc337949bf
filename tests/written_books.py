"""Books made of the specimens' base project with one sequence or one file of the house written anew."""

from pathlib import Path

from nurture.language.project import read_project
from nurture.model.book import Book
from nurture.model.sequence import Sequence

BASE = Path(__file__).parent / "specimens" / "check" / "base"
HEAD = """sequence: tips
title: Better coffee
stage: any
class: {class_}
topic: coffee_tips
status: live
aims_at: again
start: {start}
again: {again}
{more}steps:
"""
HOUSE = "sequences/house/"


def files_of(**changed: str) -> dict[str, bytes]:
    base = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    return base | {path: text.encode() for path, text in changed.items()}


def read(files: dict[str, bytes]) -> Book:
    reading = read_project(files)
    assert reading.book is not None, reading.problems
    return reading.book


def sequence_of(
    steps: str = "  - send: one_recipe\n",
    start: str = "{event: subscriber.joined}",
    again: str = "never",
    class_: str = "news",
    more: str = "",
) -> Sequence:
    text = HEAD.format(start=start, again=again, class_=class_, more=more) + steps
    return read(files_of(**{"sequences/tips.yaml": text})).sequences["tips"]


def house(kind: str, text: str) -> Book:
    return read(files_of(**{f"{HOUSE}{kind}.yaml": text}))


def added(kind: str, text: str) -> Book:
    """The house of the specimens with some lines more."""
    return house(kind, (BASE / HOUSE / f"{kind}.yaml").read_text() + text)
