"""The words of the pages behind links: built in for five languages, and what a project says and dresses of its own."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

from nurture.model.place import Place, Problem
from nurture.render.locales import chain, spelt
from nurture.render.source import nearest

TABLE = "page"  # [page] in templates/_layout/LOCALE.toml
NAMES = "names"  # [page.names]: what events and fields of answers are called in that language
LAYOUT = "templates/_layout/"
STYLE = LAYOUT + "page.css"  # a project's own style of the pages
BUILT_IN = ("en", "tr", "ar", "he", "hy")
WHAT = "{what}"
Titles = tuple[tuple[str, str], ...]
"""What something is called, by locale: as topics and themes have it."""


def words_for(templates: Mapping[str, bytes], wanted: Iterable[str]) -> tuple[str, Mapping[str, str]]:
    """The first of these locales in which every word is there, and its words; at the end, English."""
    for locale in wanted:
        words = _words(spelt(locale), templates.get(f"{LAYOUT}{spelt(locale)}.toml"))
        if words is not None:
            return spelt(locale), words
    return "en", built_in("en")


def choices_word(templates: Mapping[str, bytes], locale: str, house: tuple[str, ...]) -> str:
    """What a mail's link to the page of choices is called, in the language in which that page would be."""
    return words_for(templates, chain(locale, house))[1]["choices_link"]


@lru_cache(maxsize=128)
def _words(locale: str, data: bytes | None) -> Mapping[str, str] | None:
    """The words of one locale: the project's over nurture's own; None when one is missing or it does not read."""
    said = {name: str(text) for name, text in _said(data).items() if _fault(name, text) is None}
    found = {**(built_in(locale) if locale in BUILT_IN else {}), **said}
    names = built_in("en").keys()
    return {name: found[name] for name in names} if found.keys() >= names else None


@lru_cache(maxsize=8)
def built_in(locale: str) -> Mapping[str, str]:
    """Nurture's own words of one of its languages."""
    text = files("nurture.render").joinpath("_pages", f"{locale}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def names_for(templates: Mapping[str, bytes], locale: str) -> Mapping[str, str]:
    """What a project calls its events and their fields in a language, for readers who answer by a link."""
    names = _table(templates.get(f"{LAYOUT}{locale}.toml")).get(NAMES)
    return {name: text for name, text in names.items() if isinstance(text, str)} if isinstance(names, dict) else {}


def _said(data: bytes | None) -> dict[str, object]:
    """The words of a words file."""
    return {name: text for name, text in _table(data).items() if name != NAMES}


def _table(data: bytes | None) -> dict[str, object]:
    """The table of a words file; nothing when there is none, or when the file is no TOML (E100, said elsewhere)."""
    try:
        found = tomllib.loads(data.decode("utf-8-sig")) if data else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    table = found.get(TABLE)
    return table if isinstance(table, dict) else {}


def page_problems(file: str, data: bytes) -> Iterator[Problem]:
    """Everything wrong in the [page] of a words file: unknown words, what is no text, a lost {what}, missing words.

    A language that nurture has words for need not say them all.
    """
    said, known = _said(data), built_in("en")
    for name, text in said.items():
        if name not in known:
            yield Problem(
                "E110", _place(data, file, name), f"'{name}' is not a word of the pages", nearest(name, known)
            )
        elif fault := _fault(name, text):
            yield Problem(fault[0], _place(data, file, name), fault[1])
    names = _table(data).get(NAMES, {})
    for name, text in names.items() if isinstance(names, dict) else [(NAMES, None)]:
        if not isinstance(text, str) or not text.strip():
            yield Problem("E114", _place(data, file, name), f"'{name}' must be text")
    missing = [name for name in known if name not in said]
    if said and missing and PurePosixPath(file).stem not in BUILT_IN:
        words = f"'{missing[0]}' is missing in [{TABLE}], and nurture has no words of its own in this language"
        yield Problem("E115", _place(data, file, f"[{TABLE}]"), words, f'{missing[0]} = "…"')


def style_problem(templates: Mapping[str, bytes]) -> Problem | None:
    """What is wrong with a project's own style of the pages: it must be text, and hold no tag."""
    try:
        text = templates.get(STYLE, b"").decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return Problem("E100", Place(STYLE), f"this file is not UTF-8 text: {fault.reason}")
    for number, line in enumerate(text.split("\n"), 1):
        if "<" in line:
            words = "a style sheet of the pages holds no '<': it would end it there"
            return Problem("E223", Place(STYLE, number, line.index("<") + 1), words)
    return None


def _fault(name: str, text: object) -> tuple[str, str] | None:
    """Why a word cannot be used: code and message."""
    wanted = built_in("en").get(name)
    if not isinstance(text, str) or not text.strip():
        return "E114", f"'{name}' must be text"
    if wanted is not None and WHAT in wanted and WHAT not in text:
        return "E115", f"'{name}' must say {WHAT}, where the title goes"
    return None


def _place(data: bytes, file: str, word: str) -> Place:
    """The line below [page] that begins with a word."""
    lines = data.decode("utf-8-sig").split("\n")
    start = next((number for number, text in enumerate(lines) if text.strip() == f"[{TABLE}]"), 0)
    for number, text in enumerate(lines[start:], start + 1):
        if text.strip().lstrip("\"'").startswith(word):
            return Place(file, number, 1, len(word))
    return Place(file)
