"""All that is known of one person, for them: as data that a machine reads, and as a page that they can."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from nurture.engine.answering import NO_BOOK
from nurture.engine.applying import LiveBook
from nurture.engine.dossier_page import Page
from nurture.engine.live import templates_of
from nurture.engine.people import find_person, present
from nurture.engine.workshop import Workshop
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.model.values import dataclass
from nurture.render.dossier import speech
from nurture.render.mail import render
from nurture.store.dossier import dossier
from nurture.store.outbox_rows import intents

NOTHING_LIVE = LiveBook(NO_BOOK, {})


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


def export(shop: Workshop, live: LiveBook | None, text: str, now: datetime) -> Export:
    """All that is known of the person meant; MisuseError when there is none. Nothing is written to the store."""
    id_ = find_person(shop, text)
    live = live or NOTHING_LIVE
    person = present(shop, live.book, id_, now)
    rows = dossier(shop.store.database, id_)
    subjects = dict(subjects_of(shop, live, person))
    mails = [one | {"subject_line": subjects.get(str(one["key"]), "")} for one in rows.get("message", [])]
    rows |= {"message": mails} if mails else {}
    spoken = speech(str(person.facts.get("locale") or ""), live.book.rules.locales, live.templates)
    page = Page(
        live.book, shop.config, spoken, person, shop.store.histories([id_])[id_], rows,
        shop.store.fates([one.key for one in person.messages]), subjects, shop.store.reasons(id_), now,
    )  # fmt: skip
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        whole = {"person": id_, "at": now.isoformat(), **rows}
        archive.writestr("everything.json", json.dumps(whole, ensure_ascii=False, indent=2, default=str))
        archive.writestr("everything.html", "\n".join(page.html()))
    label = shop.store.labels([id_])[id_]
    return Export(id_, label, {name: len(found) for name, found in rows.items()}, packed.getvalue())


def subjects_of(shop: Workshop, live: LiveBook, person: Person) -> Iterator[tuple[str, str]]:
    """Key and subject of every mail, written anew from what was live when it was decided; not of one that fails now."""
    with shop.store.database.reading() as connection:
        mails = intents(connection, [one.key for one in person.messages])
    applied: dict[int, Mapping[str, bytes]] = {}
    for key, intent in mails.items():
        then = shop.store.applications.at(intent.decided_at)
        number = then[0] if then else 0
        if number not in applied:
            applied[number] = templates_of(shop.store.applications.files_of(number)) if then else live.templates
        try:
            written = render(live.book, applied[number], intent, person, None)
        except Exception:  # noqa: BLE001, S112  (a mail of long ago that cannot be written today has its name only)
            continue
        if not isinstance(written, Problem):
            yield key, written.subject
