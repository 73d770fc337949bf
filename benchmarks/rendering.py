"""What a mail costs: made ready once for each version, then rendered for each reader; page and text together."""

import statistics
import time
from datetime import UTC, date, datetime
from decimal import Decimal

from benchmarks.frame import ROOT, Figure
from nurture.engine.project import read_files
from nurture.language.project import read_project
from nurture.links import Links
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.mail import Email
from nurture.model.person import Orders, Person
from nurture.model.step import Send, flow
from nurture.render.mail import render

READERS = 200
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LINKS = Links("https://shop.example", b"a secret of this benchmark", "benchmark")


def measure() -> list[Figure]:
    """Every mail of the starter book in every language, by the processor's clock."""
    files = read_files(ROOT)
    book = read_project(files).book
    assert book is not None
    first, later, sizes = [], [], []
    for send in sends(book):
        for locale in book.rules.locales:
            intent, person = asked(send), reader(locale)
            start = time.process_time()
            mail = render(book, files, intent, person, LINKS)
            first.append(time.process_time() - start)
            assert isinstance(mail, Email), mail
            sizes.append(len(mail.html.encode()))
            start = time.process_time()
            for _ in range(READERS):
                render(book, files, intent, person, LINKS)
            later.append((time.process_time() - start) / READERS)
    return [
        Figure(f"a mail for its first reader, median of {len(first)}", f"{statistics.median(first) * 1e3:.1f} ms"),
        Figure("a mail for every other reader, median", f"{statistics.median(later) * 1e6:.0f} µs", "200 µs"),
        Figure("the slowest of them", f"{max(later) * 1e6:.0f} µs", "200 µs"),
        Figure("its page, median", f"{statistics.median(sizes) / 1024:.1f} KB", "80 KB"),
    ]


def sends(book: Book) -> list[Send]:
    """One step for each mail of the book."""
    steps = (node.step for name in sorted(book.sequences) for node in flow(book.sequences[name].steps).values())
    return list({step.mail: step for step in steps if isinstance(step, Send)}.values())


def asked(send: Send) -> Intent:
    """The intent to send that mail, with a plausible value for everything that the step gives it."""
    given = {
        name: {"number": 3, "moment": NOON, "day": NOON.date()}.get(value.kind.value, "T-42")
        for name, value in send.variables
    }
    return Intent(
        "ab12", "p1", "welcome", 1, "1", send.id, send.mail, send.class_, send.topic, "", NOON, NOON, NOON,
        NOON.date(), "Europe/Paris", "own", "salma@shop.example", given, send.variant,
    )  # fmt: skip


def reader(locale: str) -> Person:
    """Somebody known well."""
    facts = {
        "locale": locale,
        "first_name": "Salma",
        "country": "FR",
        "brew_method": "moka",
        "vip_since": date(2026, 1, 1),
    }
    return Person("p1", NOON, facts=facts, orders=Orders((date(2025, 11, 21),), NOON, NOON, Decimal(40)))
