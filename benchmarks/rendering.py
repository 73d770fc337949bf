"""What a mail costs: made ready once for each version, then rendered for each reader; and what of it travels."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from benchmarks.frame import ROOT, Figure, run
from nurture.deliver.sendgrid_bundle import Post, requests
from nurture.engine.project import read_files
from nurture.language.project import read_project
from nurture.links import Links
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.mail import Email
from nurture.model.person import Orders, Person
from nurture.model.step import Offer, Send, flow
from nurture.render.mail import render
from tests.stock_mails import stock_mail

READERS = 200
TOGETHER = 1_000
ROUNDS = 5  # by turns, so that a busy machine is busy for both
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LINKS = Links("https://shop.example", b"a secret of this benchmark", "benchmark")
NAMES = ("Salma", "Jonathan", "Noor", "Zoë", "")


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """Every mail of the starter book in every language, by the processor's clock."""
    files = read_files(ROOT)
    book = read_project(files).book
    assert book is not None
    first, later, stock, sizes = [], [], [], []
    for send in sends(book):
        for locale in book.rules.locales:
            said = book, files, asked(send), reader(locale), LINKS
            start = time.process_time()
            mail = render(*said)
            first.append(time.process_time() - start)
            assert isinstance(mail, Email), mail
            sizes.append(len(mail.html.encode()))
            stock_mail(*said)
            turns = [(spent(lambda: render(*said)), spent(lambda: stock_mail(*said))) for _ in range(ROUNDS)]  # noqa: B023
            later.append(min(woven for woven, _ in turns))
            stock.append(min(plain for _, plain in turns))
    times = [plain / woven for woven, plain in zip(later, stock, strict=True)]
    return [
        Figure(f"a mail for its first reader, median of {len(first)}", f"{statistics.median(first) * 1e3:.1f} ms"),
        Figure("a mail for every other reader, woven, median", f"{statistics.median(later) * 1e6:.0f} µs", "200 µs"),
        Figure("the slowest of them", f"{max(later) * 1e6:.0f} µs", "200 µs"),
        Figure("all of them, mails per second of processor", f"{len(later) / sum(later):,.0f}"),
        Figure("their words by stock Jinja take so many times as long, median", f"{statistics.median(times):.2f}", "1"),
        Figure("their pages, median", f"{statistics.median(sizes) / 1024:.1f} KB", "80 KB"),
        *travelling(book, files),
    ]


def spent(work: Callable[[], object]) -> float:
    """Seconds of processor for one of so many."""
    start = time.process_time()
    for _ in range(READERS // ROUNDS):
        work()
    return (time.process_time() - start) / (READERS // ROUNDS)


def travelling(book: Book, files: dict[str, bytes]) -> Iterator[Figure]:
    """Bytes to SendGrid for 1,000 readers of each mail, in English: one mail a request, and as many as go in one."""
    apart, together, posts = [], [], []
    for send in sends(book):
        mails = [one for number in range(TOGETHER) if isinstance(one := mail_to(book, files, send, number), Email)]
        assert len(mails) == TOGETHER
        made = list(requests(mails, TOGETHER))
        posts.append(len(made))
        together.append(weight(made))
        apart.append(weight(list(requests(mails[:10], 1))) / 10 * TOGETHER)
    yield Figure("1,000 of a mail to SendGrid, one a request, median", f"{statistics.median(apart) / 1e6:.1f} MB")
    words = f"{statistics.median(together) / 1e6:.2f} MB, {max(together) / 1e6:.2f} the most"
    yield Figure("the same, as many as go in one request, median", words, "0.8 MB")
    yield Figure("their requests, median", f"{statistics.median(posts):.0f}, {max(posts)} the most", "1 to 3")


def weight(made: Sequence[object]) -> int:
    """Of requests in bytes."""
    return sum(len(post.body) for post in made if isinstance(post, Post))


def mail_to(book: Book, files: dict[str, bytes], send: Send, number: int) -> object:
    """The mail to one of many, who differ in everything that is theirs."""
    who, key = f"{number:024x}", f"{number:064x}"  # as long as they are in a store
    intent = replace(asked(send), person=who, key=key, address=f"reader{number}@shop.example")
    known = reader("en")
    facts = {**known.facts, "first_name": NAMES[number % len(NAMES)]}
    return render(book, files, intent, replace(known, id=who, facts=facts), LINKS)


def sends(book: Book) -> list[Send]:
    """One step for each mail of the book."""
    steps = (node.step for name in sorted(book.sequences) for node in flow(book.sequences[name].steps).values())
    return list({step.mail: step for step in steps if isinstance(step, Send)}.values())


def asked(send: Send) -> Intent:
    """The intent to send that mail, with a plausible value for everything that the step gives it."""
    given: dict[str, object] = {
        name: {"number": 3, "moment": NOON, "day": NOON.date()}.get(value.kind.value, "T-42")
        for name, value in send.variables
    }
    if isinstance(send, Offer):
        given |= {"rung": "sampler", "rung_title": "Three-origin sampler"}
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


if __name__ == "__main__":
    run({"rendering": measure})
