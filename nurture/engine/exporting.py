"""All that is known of one person, for them: as data that a machine reads, and as a page that they can."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from nurture.decide.clock import Clock, local, reader_clock
from nurture.decide.explain import person_line, why_words
from nurture.engine.answering import NO_BOOK
from nurture.engine.ledger import SAID as ANSWERS
from nurture.engine.ledger import entry_lines
from nurture.engine.people import find_person, present
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.event import OWN_EVENTS, Event
from nurture.model.person import Person
from nurture.store.dossier import dossier

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:start;vertical-align:top;padding:.2em .6em;"
    "border-bottom:1px solid #ccc}h2{margin-top:2em}pre{white-space:pre-wrap}"
)


@dataclass(frozen=True, slots=True)
class Export:
    """The archive, whose it is, and how many rows of each kind are in it."""

    person: str
    label: str
    rows: dict[str, int]
    data: bytes

    def lines(self, file: str) -> Iterator[str]:
        """For people."""
        counts = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in self.rows.items())
        yield f"{file}: all that is known of {self.label} ({counts})."
        yield "It holds what is personal: send it to nobody else, and delete it when they have it."


def export(shop: Workshop, book: Book | None, text: str, now: datetime) -> Export:
    """All that is known of the person meant; MisuseError when there is none. Nothing is written to the store."""
    id_ = find_person(shop, text)
    book = book or NO_BOOK
    person = present(shop, book, id_, now)
    rows = dossier(shop.store.database, id_)
    whole = {"person": id_, "at": now.isoformat(), **rows}
    label = shop.store.labels([id_])[id_]
    page = "\n".join(html(shop, book, person, label, now))
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("everything.json", json.dumps(whole, ensure_ascii=False, indent=2, default=str))
        archive.writestr("everything.html", page)
    return Export(id_, label, {name: len(found) for name, found in rows.items()}, packed.getvalue())


def html(shop: Workshop, book: Book, person: Person, label: str, now: datetime) -> Iterator[str]:
    """The page: facts, agreements with the words that were shown, what happened, mails, replies, reasons."""
    clock, locale = reader_clock(book.rules, person.facts), str(person.facts.get("locale") or "en")
    history = shop.store.histories([person.id])[person.id]
    yield f'<!doctype html><html lang="en" dir="ltr"><meta charset="utf-8"><title>{escape(label)}</title>'
    yield f"<style>{STYLE}</style><body><h1>{escape(label)}</h1>"
    said = f"{book.rules.sender.name} · {local(now, clock):%Y-%m-%d %H:%M} · {person_line(book, person)}"
    yield f"<p>{escape(said)}</p>"
    known = [("address", person.address), ("tags", ", ".join(sorted(person.tags))), *sorted(person.facts.items())]
    yield from table("What we know of you", [(name, words(value)) for name, value in known if value])
    yield "<h2>What you agreed to and refused</h2><pre>"
    yield escape("\n".join(line for event in history if event.name in ANSWERS for line in entry_lines(event, clock)))
    yield "</pre>"
    yield from table("What happened", [happened(event, clock) for event in history if event.name not in OWN_EVENTS])
    yield from table("Mails that we sent or meant to send", list(mails(shop, book, person, clock, locale)))
    replies = dossier(shop.store.database, person.id).get("reply", [])
    yield from table("What you wrote to us", [(str(one["at"]), f"{one['subject']}\n{one['words']}") for one in replies])
    reasons = shop.store.reasons(person.id)
    why = [(one.at, f"{one.mail or one.sequence}: {why_words(one, clock)}") for one in reasons]
    yield from table("Why mails went or did not", [(f"{local(at, clock):%Y-%m-%d %H:%M}", said) for at, said in why])
    yield "</body></html>"


def table(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A heading and two columns; nothing where there is nothing."""
    if not rows:
        return
    yield f"<h2>{title}</h2><table>"
    yield from (f"<tr><th>{escape(name)}</th><td dir=auto>{escape(said)}</td></tr>" for name, said in rows)
    yield "</table>"


def happened(event: Event, clock: Clock) -> tuple[str, str]:
    """One event of theirs."""
    said = ", ".join(f"{name} {words(value)}" for name, value in event.fields.items())
    return f"{local(event.happened_at, clock):%Y-%m-%d %H:%M}", f"{event.name} {said}".strip()


def mails(shop: Workshop, book: Book, person: Person, clock: Clock, locale: str) -> Iterator[tuple[str, str]]:
    """Every mail with its date, its topic in their language, and what became of it."""
    fates = shop.store.fates([one.key for one in person.messages])
    for one in person.messages:
        topic = book.topics.get(one.topic)
        titles = dict(topic.titles) if topic is not None else {}
        about = titles.get(locale) or titles.get(locale.split("-", maxsplit=1)[0]) or one.topic
        fate = fates[one.key].value if one.key in fates else "went"
        yield f"{local(one.at, clock):%Y-%m-%d %H:%M}", f"{one.mail} ({about}), to {one.address or '-'}: {fate}"


def words(value: object) -> str:
    """A value as people write it."""
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(words(one) for one in (sorted(value, key=str) if isinstance(value, frozenset) else value))
    return str(value)
