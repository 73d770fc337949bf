"""What the SendGrid-shaped server tells a project of mails it took: signed, doubled, disordered, a day late; forged.

Part of `python -m tests.sendgrid_server --events URL`. Of each mail by its key: 2 of 3 are told of, and of those 1 in 8
with instants, and under a signature, of yesterday. A post that nobody answers is made again, as SendGrid does it for a
day. Now and then a forger tells of mails that the server never took, and of readers who never refused.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from random import Random  # noqa: TID251  (the seed is given)
from typing import Any, BinaryIO

import aiohttp

from nurture.wiring import stopwatch
from tests.sendgrid_events import PATH, THEIRS, Event, EventWebhook, Post, body_of, in_any_order, told, twice

Line = dict[str, Any]
EVERY = 0.25  # seconds between two looks at what is due
MOST = 400  # events in a post
LATEST = 3.0  # seconds that an event waits before it is told
FORGED = 5  # mails that are lied about in a forgery
FORGES = 8  # one time in so many that something is told, a forger tells something too; and the first time
ANSWER = aiohttp.ClientTimeout(total=20)
DAY = timedelta(days=1)


def now() -> datetime:
    """This server stands for another company's: it has a clock of its own."""
    return datetime.now(UTC)  # noqa: TID251


def drawn(key: str, what: str, one_in: int) -> bool:
    """Whether a mail is one of so many: always the same of a key."""
    return int.from_bytes(blake2b(f"{what} {key}".encode(), digest_size=4).digest()) % one_in == 0


@dataclass
class Teller:
    """Tells `url` of what was taken, and keeps a note (a line of JSON) of each mail that it was believed about."""

    url: str
    notes: BinaryIO
    within: float = LATEST
    webhook: EventWebhook = field(init=False)
    passed: Callable[[], float] = field(default_factory=stopwatch)
    random: Random = field(default_factory=lambda: Random(5))  # noqa: S311  (no secret)
    due: list[tuple[float, Event]] = field(default_factory=list)
    never_taken: list[Line] = field(default_factory=list)
    last_taken: list[Line] = field(default_factory=list)
    forging: list[Post] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)
    posts: int = 0
    posting: int = 0

    def __post_init__(self) -> None:
        self.webhook = EventWebhook(self.url)

    def took(self, lines: Sequence[Line]) -> None:
        """These were accepted: most of them are told of in a while."""
        clock = self.passed()
        self.last_taken = [*lines, *self.last_taken][:FORGED]
        for line in lines:
            for event in happened(line):
                self.due.append((clock + self.random.uniform(0, self.within), event))

    def took_not(self, lines: Iterable[Line]) -> None:
        """These never were, which a forger says otherwise of."""
        self.never_taken = [*lines, *self.never_taken][:FORGED]

    def note(self, **what: object) -> None:
        """A line about mails, where another process can read it."""
        self.notes.write(json.dumps(what).encode() + b"\n")
        self.notes.flush()

    def counts(self) -> Line:
        """How posts were answered, and how many events wait."""
        return {
            "events_key": self.webhook.key, "answers": self.answers, "refusals": self.refusals,
            "untold": len(self.due) + self.posting + len(self.forging),
        }  # fmt: skip

    async def tell(self) -> None:
        """Tell on and on, until cancelled."""
        async with aiohttp.ClientSession(timeout=ANSWER, headers=THEIRS) as session:
            while True:
                await asyncio.sleep(EVERY)
                events = self._ripe()
                if events:
                    await self._told(session, events)
                if events and (not self.refusals or self.random.randrange(FORGES) == 0):
                    self.forging += self._forgeries()
                self.forging = [post for post in self.forging if not await self._forged(session, post)]

    def _ripe(self) -> list[Event]:
        clock = self.passed()
        ripe = [event for at, event in self.due if at <= clock][:MOST]
        chosen = {id(event) for event in ripe}
        self.due = [one for one in self.due if id(one[1]) not in chosen]
        self.posting = len(ripe)
        return ripe

    async def _told(self, session: aiohttp.ClientSession, events: list[Event]) -> None:
        """Post these as badly as it may come; those that nobody took wait for the next time."""
        late = [one for one in events if yesterday(one)]
        for some, at in ((late, now() - DAY), ([one for one in events if not yesterday(one)], now())):
            if not some:
                continue
            doubled, times = self.posts % 3 == 0, 2 if self.posts % 4 == 0 else 1
            self.posts += 1
            body = body_of(in_any_order(twice(some) if doubled else some, self.random))
            post = (body, self.webhook.signed(body, at))
            found = [await self._posted(session, post) for _ in range(times)]
            self.answers.update(found)
            if not any(200 <= status < 300 for status in found):
                clock = self.passed()
                self.due += [(clock + EVERY, one) for one in some]
                continue
            self.note(told_of=sorted({one["nv_send"] for one in some}))
        self.posting = 0

    def _forgeries(self) -> list[Post]:
        """Of mails that were never taken, that they were; of whoever had mail last, that they complained."""
        events = [event for line in self.never_taken for event in told(line, "processed", "delivered", at=now())]
        complaints = [event for line in self.last_taken for event in told(line, "spamreport", at=now())]
        return self.webhook.forgeries([*events, *complaints], now())

    async def _forged(self, session: aiohttp.ClientSession, post: Post) -> bool:
        """Whether anybody answered a forgery."""
        status = await self._posted(session, post)
        self.refusals[status] += bool(status)
        return bool(status)

    async def _posted(self, session: aiohttp.ClientSession, post: Post) -> int:
        """The status; 0 when nobody answered."""
        try:
            async with session.post(self.url + PATH, data=post[0], headers=dict(post[1])) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0


def happened(line: Line) -> Iterator[Event]:
    """What is told of a mail; nothing of one in three."""
    key = line["key"]
    if not key or drawn(key, "silent", 3):
        return
    at = now() - (DAY if drawn(key, "late", 8) else timedelta())
    what = ("processed", "delivered", "open") if drawn(key, "opens", 4) else ("processed", "delivered")
    for event in told(line, *what, at=at):
        yield {**event, "sg_machine_open": True} if event["event"] == "open" else event


def yesterday(event: Event) -> bool:
    """Whether an event is a day late."""
    return bool(drawn(event["nv_send"], "late", 8))
