"""Reading what came in and was kept: each post by the reader of its source, once or, when it failed, again by hand."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from nurture import observe
from nurture.engine.faults import StateError, UnreadableError
from nurture.engine.live import LiveBook
from nurture.engine.workshop import Workshop
from nurture.model.keeping import Keep
from nurture.store.received import LATER, Old, Received

Reader = Callable[[Workshop, LiveBook, Received, datetime], None]
TAKEN, UNREADABLE = "taken", "unreadable"
AT_ONCE = 20  # posts that are marked as read together


def _events(shop: Workshop, live: LiveBook, raw: Received, now: datetime) -> None:
    from nurture.engine.news import take_events

    take_events(shop, live, raw, now)


def _letter(shop: Workshop, live: LiveBook, raw: Received, now: datetime) -> None:
    from nurture.engine.letters import take_letter

    take_letter(shop, live, raw, now)


def _shop(shop: Workshop, live: LiveBook, raw: Received, now: datetime) -> None:
    from nurture.engine.shops import read_post

    read_post(shop, live, raw, now)


READERS: dict[str, Reader] = {
    "sendgrid.events": _events,
    "sendgrid.mail": _letter,
    "mail": _letter,
    "shopify": _shop,
    "woocommerce": _shop,
    "stripe": _shop,
}
"""By source. A reader may be run twice for one post, and must then change nothing the second time.

It raises UnreadableError, in words, for what nobody can read; any other error of its own is kept as such too.
"""


KINDS = {source: "letters" if reader is _letter else "posts" for source, reader in READERS.items()}
"""What `keep:` of the house calls each: so long a post is kept after it was read.

What could not be read is kept until somebody says that it may go.
"""
WHOLE = frozenset({"sendgrid.events"})
"""Of these nothing stays, since each event is known by its own id; of others the digest, which tells a repetition."""


def take_received(
    shop: Workshop, live: LiveBook, now: datetime, most: int = 500, most_bytes: int | None = None
) -> Counter[str]:
    """Read what was kept and not yet read, the oldest first, up to `most` posts; how many were taken, or unreadable.

    It ends with the post that fills `most_bytes`, and one post at a time is in memory. What cannot be read keeps its
    problem, is listed by `doctor` and `received`, and hinders nothing behind it. A fault of the world, such as a
    locked store or a full disk, is raised: nothing is lost, it is read next time. When nothing is left to read, posts
    that were read long ago are given up.
    """
    found: Counter[str] = Counter()
    size, read = 0, _Read(shop, now)
    try:
        for raw in shop.store.received.to_do(most):
            found[_take(shop, live, raw, now, read)] += 1
            size += len(raw.body)
            if most_bytes is not None and size >= most_bytes:
                break
    finally:
        read.mark()
    if found:
        observe.note(observe.RECEIVED_TAKEN, taken=found[TAKEN], unreadable=found[UNREADABLE])
    else:
        give_up_old(shop, live.book.rules.keep, now)
    return found


def give_up_old(shop: Workshop, keep: Keep, now: datetime) -> int:
    """Give up posts that were read long enough ago, a thousand of each source at a time; how many."""
    old = [Old(source, keep.before(kind, now), source in WHOLE) for source, kind in KINDS.items()]
    given_up = shop.store.received.forget(old)
    if given_up:
        observe.note(observe.RECEIVED_GIVEN_UP, posts=given_up)
    return given_up


class _Read:
    """Posts that were read and not yet marked so; marked together, since each commit costs as much as reading one."""

    def __init__(self, shop: Workshop, now: datetime) -> None:
        self._shop, self._now = shop, now
        self._numbers: list[int] = []

    def add(self, number: int) -> None:
        self._numbers.append(number)
        if len(self._numbers) >= AT_ONCE:
            self.mark()

    def mark(self) -> None:
        """A post that is not marked, because we were killed or the disk is full, is read again, and changes nothing."""
        if self._numbers:
            self._shop.store.received.done(self._numbers, self._now)
            self._numbers = []


def _take(shop: Workshop, live: LiveBook, raw: Received, now: datetime, read: _Read) -> str:
    """Read one post; what became of it."""
    reader = READERS.get(raw.source)
    try:
        if reader is None:
            raise UnreadableError(f"this version of nurture reads nothing called {raw.source}")
        reader(shop, live, raw, now)
    except StateError:
        raise
    except LATER:
        raise
    except UnreadableError as unreadable:
        words, said = str(unreadable), {"error": "UnreadableError", "at": ""}
    except Exception as fault:  # noqa: BLE001  (one post that we are too weak for must not keep the others from being read)
        said = observe.fault_fields(fault)
        words = f"nurture itself failed at it ({said['error']} at {said['at']}); please tell its makers"
    else:
        read.add(raw.number)
        return TAKEN
    shop.store.received.refuse(raw.number, words)
    observe.note(observe.RECEIVED_UNREADABLE, level=logging.WARNING, source=raw.source, number=raw.number, **said)
    return UNREADABLE
