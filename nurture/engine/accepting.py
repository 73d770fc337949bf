"""A person has looked at a copied or restored store: it mails again, but nothing that may have gone already."""

from datetime import datetime

from nurture.engine.applying import LiveBook
from nurture.engine.tick import decide_all
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate, Handover
from nurture.store.outbox_rows import LEASE

AT_A_TIME = 500
SAID = "held when the store was accepted: it may have gone from the store as it was before"


def accept(shop: Workshop, live: LiveBook, now: datetime) -> int:
    """Let a halted store work again; how many mails are held as in doubt (architecture.md 2.3).

    What fell due since the store's last commit is decided, and with all that waited held in doubt: the
    other store may have sent it. Only then is the store accepted, so that a cut here changes nothing.
    A store that was not halted is only counted on.
    """
    held = 0
    if shop.store.halted:
        held = shop.store.recover(now + LEASE, live.book, shop.owner).in_doubt  # nobody else's lease counts here
        decide_all(shop.store, live.book, now)
        while (batch := shop.store.claim(AT_A_TIME, now, shop.owner)) is not None:
            shop.store.hand(batch, now)
            doubts = [Handover(intent.key, Fate.in_doubt, SAID) for intent in batch.intents]
            shop.store.settle(batch, doubts, now, live.book)
            held += len(doubts)
    shop.store.accept()
    return held
