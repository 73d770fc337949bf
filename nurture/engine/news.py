"""News of mails taken in: what a provider posted becomes happenings in the store, and clicks are judged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from nurture import observe
from nurture.engine.clicks import judged
from nurture.engine.faults import UnreadableError
from nurture.engine.live import LiveBook
from nurture.engine.workshop import Workshop
from nurture.links import TRAP
from nurture.model.happening import By, Happened, Happening
from nurture.store.received import Received

SETTLED_IN = timedelta(minutes=1)
"""How long a click waits for its mail's delivery and for other clicks, which come by other posts (email.md 1.6)."""
WITHOUT_DELIVERY = timedelta(minutes=15)
"""How long it waits where nobody says when the mail was delivered."""


def take_events(shop: Workshop, live: LiveBook, raw: Received, now: datetime) -> None:  # noqa: ARG001  (a reader's signature)
    """Read one post of SendGrid's Event Webhook; UnreadableError for what of it is not understood.

    What is understood is taken in all the same, and nothing twice.
    """
    from nurture.deliver.sendgrid_events import counted, read_events

    told = read_events(raw.body)
    taken = shop.store.happenings.take([without_token(one, shop.config.web_url) for one in told.happenings], now)
    if taken.new:
        what = {one.value: number for one, number in sorted(taken.new.items(), key=lambda item: item[0].value)}
        observe.note(observe.NEWS_TAKEN, **what, settled=taken.settled)
    if told.unread:
        raise UnreadableError("; ".join(counted(told.unread)))


def without_token(one: Happening, web_url: str) -> Happening:
    """A click on a link of ours without the token in it, by which anybody could speak for the reader."""
    ours = urlsplit(web_url)
    link = urlsplit(one.link)
    if not web_url or link.hostname != ours.hostname or not link.path.startswith(ours.path):
        return one
    if link.path == ours.path.rstrip("/") + TRAP:
        return one
    begun = link.path[len(ours.path) :].strip("/").partition("/")[0]
    return replace(one, link=f"{link.scheme}://{link.hostname}{ours.path.rstrip('/')}/{begun}")


def judge_clicks(shop: Workshop, now: datetime) -> int:
    """Say of each click that has settled who made it; of how many mails the core now hears that a person clicked.

    Judged by all that is known: what comes later has the clicks of its mail judged again.
    """
    told = shop.store.clicks.to_judge(now - SETTLED_IN)
    late = shop.store.clicks.to_judge(now - WITHOUT_DELIVERY) if any(map(_undelivered, told.values())) else {}
    ripe = {key: those for key, those in told.items() if key in late or not _undelivered(those)}
    verdicts: dict[str, By] = {}
    for those in ripe.values():
        verdicts |= judged(those)
    return shop.store.clicks.judge(verdicts, ripe, now)


def _undelivered(told: Sequence[Happening]) -> bool:
    return not any(one.what is Happened.delivered for one in told)
