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
_LOOKS_BLANK = "\u00a0\u2000-\u200a\u202f\u3000"
_NO_BLANKS = re.compile(f"\t+|[{_LOOKS_BLANK}]+")
_INDENTS = re.compile(f"^[ \t{_LOOKS_BLANK}]+", re.MULTILINE)
_NO_DASHES = re.compile("^ *([\u2010-\u2015\u2022\u2212])(?= )", re.MULTILINE)
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


def no_blanks(page: Page, stretches: Stretches) -> Iterator[tuple[int, int]]:
    """From where to where tabs stand outside quotes, comments and block texts, and what looks like a blank in front."""
    indents = Stretches([Stretch(*found.span()) for found in _INDENTS.finditer(page.text)], 0)
    for found in _NO_BLANKS.finditer(page.text):
        leads = indents.at(found.start()) is not None
        stretch = stretches.at(found.start())
        if found[0][0] != "\t" and not leads:
            continue
        if stretch is None:
            harmful = leads or found.start() < stretches.reach
        else:
            harmful = stretch.style == "" or (leads and stretch.style in "|>")
        if harmful:
            yield found.span()


def no_dashes(page: Page, stretches: Stretches) -> Iterator[tuple[int, int]]:
    """From where to where stands what a word processor made of the '-' of a list."""
    for found in _NO_DASHES.finditer(page.text):
        stretch = stretches.at(found.start(1))
        if stretch is None or stretch.style == "":
            yield found.span(1)


def comments(page: Page, values: Stretches) -> Iterator[Stretch]:
    """The comments of a YAML file: from a # with a blank or nothing before it to the end of its line."""
    index = 0
    while found := _COMMENT.search(page.text, index):
        value = values.at(found.start())
        if value is None:
            yield Stretch(*found.span(), COMMENT)
        index = found.end() if value is None else max(value.end, found.start() + 1)


def lookalike(page: Page, start: int, end: int) -> Problem:
    """E104 for a tab or a blank that is none, E100 for a dash that begins no list."""
    letter = page.text[start]
    if letter == "\t":
        return page.problem("E104", start, end, "a tab is not used here", "use blanks")
    if letter.isspace():
        return page.problem("E104", start, end, f"this only looks like a blank: {_name(letter)}", "use blanks")
    return page.problem("E100", start, end, f"a list begins with '-', this is {_name(letter)}", "write -")


def _name(letter: str) -> str:
    name = unicodedata.name(letter, "").lower()
    return f"U+{ord(letter):04X}" + (f" ({name})" if name else "")
