"""A small shop whose mails are decided and wait, and providers that answer from a script: for tests of sending."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from nurture.config import Config
from nurture.deliver.protocol import OneEach
from nurture.engine.applying import LiveBook
from nurture.engine.hand_over import directly
from nurture.engine.sending import Sending
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.book import Book, Mail
from nurture.model.event import Money
from nurture.model.expression import Kind, Name
from nurture.model.house import House, Present
from nurture.model.mail import Email, Fate, Handover
from nurture.model.rules import Sender, Span
from nurture.model.step import Gift
from nurture.model.trigger import EventTrigger
from nurture.store.open import Store, open_store
from nurture.store.rows import ConsentRow, ContactRow, EventRow
from tests import worlds as w

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = replace(
    w.RULES, limits=(), mutes=(), min_gap=None, quiet_hours=None, postal_address="4 rue du Four, Nantes",
    sender=Sender("Kestrel", "hello@kestrel.example"),
)  # fmt: skip
AT_ONCE = w.length("0 minutes")
COMPLAINED = EventTrigger(place=w.HERE, event="complaint.opened", settle=AT_ONCE)
JOINED = replace(w.JOINED, settle=AT_ONCE)
TEXT = b"---\nsubject: Hello\npreheader: A word\n---\nHello, dear reader.\n"
WITH_CODE = b"---\nsubject: Hello\npreheader: A word\n---\nYour code is [{{ code }}], until {{ until | day }}.\n"
TEMPLATES = {"templates/sorry/en.md": TEXT, "templates/hello/en.md": TEXT}


NIGHT = Span(time(20, 30), time(8, 30))


BAG = Present("bag", Money(Decimal(9), "EUR"), pool="codes/bag.csv", valid=w.length("21 days"))
CODE = Name(("gifts", "present", "code"), Kind.text)
UNTIL = Name(("gifts", "present", "expires_on"), Kind.day)
WITH_GIFT = (
    Gift(id="present", place=w.HERE, gift="bag"),
    w.send("hello", variables=(("code", CODE), ("until", UNTIL))),
)


def the_book(brake: int | None = None, quiet: Span | None = None, house: House | None = None) -> Book:
    """Who complains gets an answer at once (service), who joins a word of welcome (news). All live in Paris.

    With a `house` that has a gift called bag, the welcome carries one.
    """
    made = w.book(
        w.sequence("answer", COMPLAINED, [w.send("sorry", "service")], class_="service"),
        w.sequence("welcome", JOINED, WITH_GIFT if house else [w.send("hello")]),
        rules=replace(RULES, brake=brake, quiet_hours=quiet),
    )
    mails = {name: Mail(name, frozenset({"en"})) for name in ("sorry", "hello")}
    return replace(made, mails=mails, house=house or made.house)


def refuse(row: object, why: str) -> None:
    """No row of these worlds is bad."""
    raise AssertionError(f"{row}: {why}")


def planned(
    store: Store, service: int = 0, news: int = 0, now: datetime = NOW, first: int = 0, book: Book | None = None,
    domain: str = "shop.example",
) -> None:  # fmt: skip
    """Mails that are decided at `now` and wait; those of service for people s0, s1…, the others for n0, n1…"""
    rows: list[ContactRow | ConsentRow | EventRow] = []
    for kind, count, event in (("s", service, "complaint.opened"), ("n", news, "subscriber.joined")):
        for number in range(first, first + count):
            id_ = f"{kind}{number}"
            rows.append(ContactRow(outside_id=id_, address=f"{id_}@{domain}", facts={"locale": "en"}))
            rows.append(ConsentRow(outside_id=id_, topics=("tips",), given=True, at=now))
            rows.append(EventRow(outside_id=id_, name=event, at=now))
    store.importing(now).take(rows, refuse)
    assert tick(store, book or the_book(), now).intents == service + news


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


Answer = Handover | BaseException
Script = Callable[[Email, int], Answer]


def accepts(mail: Email, _nth: int) -> Answer:
    """What a provider says on a good day."""
    return Handover(mail.key, Fate.accepted, "taken")


@dataclass
class Scripted(OneEach):
    """A provider that answers as the script says: by the mail and how many were posted before it."""

    script: Script = accepts
    name: str = "folder"
    at_once: int = 4
    posted: list[str] = field(default_factory=list)
    before: Callable[[Email], object] = lambda _mail: None

    def build(self, mails: Sequence[Email]) -> Iterator[Email | Handover]:
        yield from mails

    async def post(self, request: Email) -> Answer:
        waits = self.before(request)
        if hasattr(waits, "__await__"):
            await waits
        self.posted.append(request.key)
        answer = self.script(request, len(self.posted) - 1)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def read(self, request: Email, answer: Handover) -> Iterator[Handover]:
        yield replace(answer, key=request.key)

    async def close(self) -> None:
        pass


@dataclass
class Bundling(Scripted):
    """A provider that carries `each` mails in a request: `before` is asked once for each, `script` for each mail.

    What the script leaves blameless goes again by itself. `requests` holds the keys of each.
    """

    each: int = 100
    together: tuple[Email, ...] = ()
    requests: list[tuple[str, ...]] = field(default_factory=list)

    def build(self, mails: Sequence[Email]) -> Iterator[Any]:
        yield from chunks(mails, self.each)

    def keys(self, request: tuple[Email, ...]) -> tuple[str, ...]:
        return tuple(mail.key for mail in request)

    async def post(self, request: tuple[Email, ...]) -> list[Answer]:  # type: ignore[override]
        waits = self.before(request[0])
        if hasattr(waits, "__await__"):
            await waits
        self.requests.append(self.keys(request))
        self.together = request
        self.posted += self.keys(request)
        answers, ends = [], []
        for place, mail in enumerate(request):
            try:
                answers.append(self.script(mail, len(self.posted) - len(request) + place))
            except BaseException as end:  # noqa: BLE001  (all of the request are on their way)
                ends.append(end)
        ends += [answer for answer in answers if isinstance(answer, BaseException)]
        if ends:
            raise ends[0]
        return answers

    def read(self, request: tuple[Email, ...], answer: list[Handover]) -> Iterator[Handover]:  # type: ignore[override]
        yield from (replace(one, key=mail.key) for mail, one in zip(request, answer, strict=True))

    def again(self, request: tuple[Email, ...], answer: list[Handover]) -> Iterator[Any]:
        left = [mail for mail, one in zip(request, answer, strict=True) if one.blameless]
        yield from chunks(left, len(left) if len(left) < len(request) else (len(left) + 1) // 2)


def chunks(mails: Sequence[Email], size: int) -> Iterator[tuple[Email, ...]]:
    """So many at a time."""
    return (tuple(mails[start : start + size]) for start in range(0, len(mails), max(1, size)))


@dataclass
class Shop:
    """An open store with a book, a clock and a provider; `sending` is what a process would have."""

    store: Store
    provider: Scripted
    clock: Clock
    live: LiveBook
    owner: str = "us"
    rate: float | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    more: dict[str, Any] = field(default_factory=dict)  # of config.toml

    @property
    def workshop(self) -> Workshop:
        config = Config("", Path("outbox"), Path("installation.json"), rate_per_second=self.rate, **self.more)
        return Workshop(Path(), config, self.store, self.provider, self.owner, mint=self.mint)

    def mint(self, places: int) -> str:
        """Codes in the order in which they are made."""
        return f"{next(self.numbers):0{places}}"

    def sending(self) -> Sending:
        return Sending(self.workshop, lambda: self.live, self.clock, directly)

    def send_keys(self) -> list[str]:
        """Every send key, those of service first."""
        with self.store.database.reading() as connection:
            rows = connection.exec_driver_sql("SELECT key FROM message ORDER BY class_ DESC, number").all()
        return [row[0] for row in rows]

    def fates(self) -> list[Fate]:
        """Where every mail stands, those of service first."""
        keys = self.send_keys()
        found = self.store.fates(keys)
        return [found[key] for key in keys]


def open_shop(
    where: Path | str,
    provider: Scripted | None = None,
    brake: int | None = None,
    owner: str = "us",
    quiet: Span | None = None,
    house: House | None = None,
) -> Shop:
    """A shop in a folder, or at the URL of its store; opened twice, it is the same one."""
    store = open_store(where if isinstance(where, str) else f"sqlite:///{where / 'store.db'}")
    templates = {**TEMPLATES, "templates/hello/en.md": WITH_CODE} if house else TEMPLATES
    return Shop(store, provider or Scripted(), Clock(), LiveBook(the_book(brake, quiet, house), templates), owner)
