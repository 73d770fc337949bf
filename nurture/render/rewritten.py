"""A mail that a person wrote anew before they approved it: their subject and Markdown in place of the template's.

Every sign of theirs is text: nothing of it is run. Only the gifts that the mail carries keep their places, since a
code is drawn when the mail leaves: `{{ code }}` where the step's `with` gave one that name.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.render.mail import version_for
from nurture.render.versions import TEMPLATES

FOLDER = "rewritten"  # a variant of the mail, in front of all others and in no file
_MARK = re.compile(r"\{\{|\{%|\{#|\}\}|%\}|#\}")


def rewritten(
    book: Book, templates: Mapping[str, bytes], intent: Intent, person: Person, subject: str, body: str
) -> tuple[Mapping[str, bytes], Intent] | Problem:
    """Templates and intent by which `render` makes the mail with these words, in the reader's language and layout."""
    version = version_for(book.rules, templates, intent, person)
    if isinstance(version, Problem):
        return version
    names = places(intent)
    head = json.dumps(literal(" ".join(subject.split()), names), ensure_ascii=False)
    text = f"---\nsubject: {head}\n---\n{literal(body, names)}\n"
    file = f"{TEMPLATES}{intent.mail}/{FOLDER}/{version.locale}.md"
    return {**templates, file: text.encode()}, replace(intent, variant=FOLDER)


def places(intent: Intent) -> tuple[str, ...]:
    """The names under which a mail shows what is known only when it leaves."""
    return tuple(name for gift in intent.gifts for name in (gift.code, gift.expires_on) if name)


def literal(text: str, names: tuple[str, ...] = ()) -> str:
    """A text as a template that says it, with nothing run but the places of these names."""
    kept = "|".join(map(re.escape, names))
    if not kept:
        return _MARK.sub(_as_text, text)
    place = re.compile(r"(\{\{\s*(?:" + kept + r")\s*(?:\|\s*day\s*)?\}\})")
    return "".join(part if place.fullmatch(part) else _MARK.sub(_as_text, part) for part in place.split(text))


def _as_text(found: "re.Match[str]") -> str:
    """A mark of Jinja's as an expression that prints it."""
    return "{{ '" + found.group() + "' }}"
