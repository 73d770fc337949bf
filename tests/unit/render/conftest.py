"""A small book and a reader, for rendering one mail at a time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from nurture.links import Links
from nurture.model.book import Book, Mail
from nurture.model.catalogue import Catalogue, Field
from nurture.model.decision import Intent
from nurture.model.expression import Kind, Name
from nurture.model.length import Length, Unit
from nurture.model.mail import Email
from nurture.model.person import Orders, Person
from nurture.model.place import Place, Problem
from nurture.model.rules import Rules, Sender, Theme, Topic
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Send
from nurture.model.trigger import Again, ManualTrigger
from nurture.render.check import check_templates
from nurture.render.mail import render

FRONT = "---\nsubject: Hello\n---\n"
PNG = b"\x89PNG\r\n\x1a\n"
NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
LINKS = Links("https://shop.example", b"secret", "kestrel")
HERE = Place("sequences/s.yaml", 1, 1)
SEND = Send(
    id="hello",
    place=HERE,
    mail="hello",
    class_="news",
    topic="tips",
    variables=(
        ("code", Name(("start", "code"), Kind.text)),
        ("visits", Name(("person", "orders", "count"), Kind.number)),
    ),
    valid_for=Length(3, Unit.day),
)
SEQUENCE = Sequence(
    name="s",
    title="S",
    place=HERE,
    class_="news",
    status=Status.live,
    start=(ManualTrigger(place=HERE),),
    again=Again(never=True),
    steps=(SEND,),
    topic="tips",
)


SAID = (
    Field("score", "number"),
    Field("words", "text"),
    Field("mood", "text", one_of=("glad", "sad")),
    Field("again", "bool"),
    Field("at", "moment"),
)


@pytest.fixture
def book() -> Book:
    fields = [
        Field("first_name", "text"),
        Field("locale", "text"),
        Field("country", "text"),
        Field("birthday", "day", year_optional=True),
        Field("likes", "tags"),
        Field("spent", "money"),
        Field("site", "text"),
    ]
    return Book(
        rules=Rules(
            project="kestrel",
            locales=("en", "ar"),
            sender=Sender("Kestrel", "hello@kestrel.example", "lena@kestrel.example"),
            senders=(("support", Sender("Care", "care@kestrel.example"), frozenset({"service", "care"})),),
            postal_address="4 rue du Four, Nantes",
        ),
        catalogue=Catalogue(
            person={field.name: field for field in fields}, events={"feedback.given": {one.name: one for one in SAID}}
        ),
        themes={"mothers_day": Theme("mothers_day")},
        topics={"tips": Topic("tips", (("en", "Coffee tips"), ("ar", "نصائح")))},
        sequences={"s": SEQUENCE},
        mails={"hello": Mail("hello", frozenset({"en"}))},
    )


def intent(**changes: object) -> Intent:
    usual: dict[str, object] = {
        "key": "ab12", "person": "p1", "sequence": "s", "version": 1, "subject": "1", "step": "hello", "mail": "hello",
        "class_": "news", "topic": "tips", "theme": "", "due_at": NOW, "decided_at": NOW, "valid_until": NOW,
        "day": NOW.date(), "zone": "Asia/Dubai", "rung": "own", "address": "salma@shop.example",
        "variables": {"code": "A-1", "visits": 2},
    }  # fmt: skip
    return Intent(**{**usual, **changes})  # type: ignore[arg-type]


Write = Callable[..., Email | Problem]


@pytest.fixture
def write(book: Book) -> Write:
    """Render templates (locale or file to text, or one English text) for a reader with these facts."""

    def written(
        text: str | Mapping[str, str],
        facts: Mapping[str, object] | None = None,
        orders: Orders = Orders(),
        links: Links | None = LINKS,
        extra: Mapping[str, bytes] | None = None,
        tracked: bool = False,
        **changes: object,
    ) -> Email | Problem:
        texts = {"en": text} if isinstance(text, str) else text
        templates = {
            f"templates/hello/{name if '.' in name else f'{name}.md'}": body.encode() for name, body in texts.items()
        }
        known = {"facts": facts or {}, "orders": orders, "address": "salma@shop.example", "tracked": tracked}
        person = Person("p1", NOW, **known)  # type: ignore[arg-type]
        return render(book, {**templates, **(extra or {})}, intent(**changes), person, links)

    return written


@pytest.fixture
def mail(write: Write) -> Callable[..., Email]:
    """The same, where it must become a mail."""

    def written(*arguments: object, **named: object) -> Email:
        result = write(*arguments, **named)
        assert isinstance(result, Email), result
        return result

    return written


@pytest.fixture
def fault(write: Write) -> Callable[..., Problem]:
    """The same, where it must become a Problem."""

    def written(*arguments: object, **named: object) -> Problem:
        result = write(*arguments, **named)
        assert isinstance(result, Problem), result
        return result

    return written


@pytest.fixture
def findings(book: Book) -> Callable[..., list[Problem]]:
    """What the checker says of one mail, and of files beside it."""

    def found(
        text: str, front: str = FRONT, file: str = "templates/hello/en.md", **extra: str | bytes
    ) -> list[Problem]:
        encoded = {name: body.encode() if isinstance(body, str) else body for name, body in extra.items()}
        return list(check_templates(book, {file: (front + text).encode(), **encoded}))

    return found
