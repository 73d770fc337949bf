"""Reading what came in and was kept: each post by the reader of its source, once or, when it failed, again by hand."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from nurture import observe
from nurture.engine.applying import LiveBook
from nurture.engine.faults import StateError, UnreadableError
from nurture.engine.workshop import Workshop
from nurture.store.received import LATER, Received

Reader = Callable[[Workshop, LiveBook, Received, datetime], None]
TAKEN, UNREADABLE = "taken", "unreadable"
AT_ONCE = 20  # posts that are fetched together; one of them may be a megabyte


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


def take_received(shop: Workshop, live: LiveBook, now: datetime, most: int = 500) -> Counter[str]:
    """Read what was kept and not yet read, the oldest first, up to `most` posts; how many were taken, or unreadable.

    What cannot be read keeps its problem, is listed by `doctor` and `received`, and hinders nothing behind it.
    A fault of the world, such as a locked store or a full disk, is raised: nothing is lost, it is read next time.
    """
    found: Counter[str] = Counter()
    while found.total() < most:
        posts = shop.store.received.to_do(min(AT_ONCE, most - found.total()))
        for raw in posts:
            found[_take(shop, live, raw, now)] += 1
        if not posts:
            break
    if found:
        observe.note(observe.RECEIVED_TAKEN, taken=found[TAKEN], unreadable=found[UNREADABLE])
    return found


def _take(shop: Workshop, live: LiveBook, raw: Received, now: datetime) -> str:
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
        shop.store.received.done([raw.number], now)
        return TAKEN
    shop.store.received.refuse(raw.number, words)
    observe.note(observe.RECEIVED_UNREADABLE, level=logging.WARNING, source=raw.source, number=raw.number, **said)
    return UNREADABLE
