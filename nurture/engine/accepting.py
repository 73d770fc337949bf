"""A person has looked at a copied or restored store: it mails again, but nothing that may have gone already."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from nurture.engine.applying import LiveBook
from nurture.engine.notices import told_today
from nurture.engine.pools import aside_lines
from nurture.engine.tick import decide_all
from nurture.engine.told_late import accept_from, accepted_words, begin_to_accept
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.mail import Fate, Handover
from nurture.store.installation import owner_of
from nurture.store.outbox_by_hand import Wanted

AT_A_TIME = 500
SAID = "held when the store was accepted: it may have gone from the store as it was before"


def accept(shop: Workshop, live: LiveBook, now: datetime) -> int:
    """Let a halted store work again; how many mails are held as in doubt (architecture.md 2.3).

    What fell due since the store's last commit is decided, and with all that waited or was held put in doubt: the
    other store may have sent it. None of it is sent once more by itself, not even service: the doubt is about a
    whole stretch of time in which the other store did its work, not about one answer that was lost. News settles
    it, or `nurture outbox resend`, or it closes after 72 hours. Codes of pools that were free may have been given by
    the other store too: they are set aside, until a person has looked (`nurture codes again`). The shop's own people
    count as told today. Only then is the store accepted, so that a cut here changes nothing. What may have gone beside
    that: see `told_late`. A store that was not halted is only counted on.
    """
    held = 0
    if shop.store.halted:
        since = begin_to_accept(shop, now)
        outbox = shop.store.outbox
        held = shop.store.recover(now, live.book).in_doubt  # without an owner: nobody's lease counts here
        outbox.release(Wanted())
        decide_all(shop.store, live.book, now)
        while (batch := shop.store.claim(AT_A_TIME, now, shop.owner)) is not None:
            shop.store.hand(batch, now)
            doubts = [Handover(intent.key, Fate.in_doubt, SAID) for intent in batch.intents]
            shop.store.settle(batch, doubts, now, live.book)
            held += len(doubts)
        outbox.never_again()
        outbox.codes.aside.hold(now)
        told_today(shop, live.book.rules, now)
        accept_from(shop, since, now)
    shop.store.accept()
    return held


def accepted_lines(shop: Workshop, book: Book, now: datetime) -> Iterator[str]:
    """For the person who accepted at that instant: what is still to be looked at."""
    yield from accepted_words(shop, now)
    yield from aside_lines(shop.store, book)


def accepted(shop: Workshop) -> Workshop:
    """The project after `accept`, with the owner that was drawn for it: the other store's may be at work still."""
    return replace(shop, owner=owner_of(shop.config.installation))
