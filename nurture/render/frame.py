"""The words of the frame round every mail, in each locale."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache

from nurture.model.place import Place, Problem
from nurture.model.values import dataclass
from nurture.render.locales import chain
from nurture.render.page_words import TABLE
from nurture.render.source import nearest
from nurture.render.versions import LAYOUT


@dataclass(frozen=True, slots=True)
class Words:
    """What the footer says. `why` holds `{topic}` where the topic's title goes.

    `preferences` may be left out of a words file: then the link is called as the page behind it is.
    """

    why: str = "Topic: {topic}. You can leave it at any time."
    why_service: str = "You get this letter because it answers you or concerns your order."
    unsubscribe: str = "Unsubscribe"
    reply: str = "Just reply; a person reads every answer."
    preferences: str = ""


ENGLISH = Words()


def words_file(locale: str) -> str:
    """Where the footer's words of a locale are written."""
    return f"{LAYOUT}{locale}.toml"


def words(templates: Mapping[str, bytes], locale: str, house: tuple[str, ...]) -> Words:
    """The footer's words for a locale; its language's, else the house's first written, else English."""
    for candidate in chain(locale, house):
        data = templates.get(words_file(candidate))
        if data is not None:
            found = read_words(words_file(candidate), data)
            return found if isinstance(found, Words) else ENGLISH
    return ENGLISH


@lru_cache(maxsize=64)
def read_words(file: str, data: bytes) -> Words | Problem:
    """A words file as a value; every word must be there, as text."""
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        return Problem("E100", Place(file), f"this is not TOML: {fault}")
    table.pop(TABLE, None)  # the words of the pages behind links: page_words.py
    names = [field.name for field in fields(Words)]
    for name, value in table.items():
        if name not in names:
            return Problem("E110", _place(file, data, name), f"'{name}' is not one of its words", nearest(name, names))
        if not isinstance(value, str) or not value.strip():
            return Problem("E114", _place(file, data, name), f"'{name}' must be text")
    missing = [name for name in names if name not in table and name != "preferences"]
    if missing:
        return Problem("E115", Place(file), f"'{missing[0]}' is missing", f'{missing[0]} = "…"')
    if "{topic}" not in table["why"]:
        return Problem("E115", _place(file, data, "why"), "'why' must say {topic}, where the topic's title goes")
    return Words(**table)


def _place(file: str, data: bytes, key: str) -> Place:
    lines = data.decode("utf-8-sig").split("\n")
    line = next((number for number, text in enumerate(lines, 1) if text.startswith(key)), 1)
    return Place(file, line, 1, len(key))
