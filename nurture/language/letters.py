"""Characters that have no business in a file, or none outside quotes, told with their places (E100, E104)."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from nurture.language.page import Page
from nurture.language.stretches import COMMENT, MOST, Stretch, Stretches
from nurture.model.place import Problem

# What neither YAML nor TOML can hold, and the line breaks of YAML 1.1, which the two versions read differently.
_NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
# What turns the order of letters round can hide a step; what has no width makes two words out of one.
_ONLY_QUOTED = re.compile("[\u200b\u202a-\u202e\u2066-\u2069\ufeff]")
_TABS = re.compile("\t+")
_INDENTS = re.compile("^[ \t]+", re.MULTILINE)
_COMMENT = re.compile("(?<![^ \t\n])#[^\n]*")


def without_the_forbidden(page: Page) -> tuple[Page, list[Problem]]:
    """The page with a blank for every character that no file may hold, and a finding for each of the first."""
    problems = [
        page.problem(
            "E100", found.start(), found.end(), f"the character {_name(found[0])} cannot be used", "take it out"
        )
        for found in islice(_NEVER.finditer(page.text), MOST + 1)
    ]
    return (Page(page.file, _NEVER.sub(" ", page.text)) if problems else page), problems


def turned_round(page: Page, stretches: Stretches) -> Iterator[Problem]:
    """Characters that are let pass in quotes only."""
    bare = (found for found in _ONLY_QUOTED.finditer(page.text) if not stretches.quoted(found.start()))
    for found in islice(bare, MOST + 1):
        message = f"the invisible character {_name(found[0])} is for quoted text only"
        yield page.problem("E100", found.start(), found.end(), message, "take it out, or put the text in quotes")


def tabs(page: Page, stretches: Stretches) -> Iterator[tuple[int, int]]:
    """From where to where tabs stand outside quotes, comments and the letters of a block text."""
    indents = Stretches([Stretch(*found.span()) for found in _INDENTS.finditer(page.text)], 0)
    for found in _TABS.finditer(page.text):
        leads = indents.at(found.start()) is not None
        stretch = stretches.at(found.start())
        if stretch is None:
            harmful = leads or found.start() < stretches.reach
        else:
            harmful = stretch.style == "" or (leads and stretch.style in "|>")
        if harmful:
            yield found.span()


def comments(page: Page, values: Stretches) -> Iterator[Stretch]:
    """The comments of a YAML file: from a # with a blank or nothing before it to the end of its line."""
    index = 0
    while found := _COMMENT.search(page.text, index):
        value = values.at(found.start())
        if value is None:
            yield Stretch(*found.span(), COMMENT)
        index = found.end() if value is None else max(value.end, found.start() + 1)


def tab_problem(page: Page, start: int, end: int) -> Problem:
    """E104."""
    return page.problem("E104", start, end, "a tab is not used here", "use blanks")


def _name(letter: str) -> str:
    name = unicodedata.name(letter, "").lower()
    return f"U+{ord(letter):04X}" + (f" ({name})" if name else "")
