"""Whether a message has what it should bring: its gift, a rung to offer, and mails that gave something before it asks.

These are looked at before mutes, hours and limits, which may only move it (language.md 6.11, 6.13 and 15).
"""

from datetime import datetime, timedelta

from nurture.decide import gifts
from nurture.decide.calendar import add_dates
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.offering import Choice, choose
from nurture.model.decision import Look, Why
from nurture.model.length import Length
from nurture.model.rules import Balance
from nurture.model.step import Offer, Send
from nurture.model.values import dataclass

OFFER = "offer"
GIVES = frozenset({"care", "news", "celebration"})


@dataclass(frozen=True, slots=True)
class Suit:
    """What a message brings: the rung it offers, if it offers one; or `why` it has nothing to bring."""

    choice: Choice | None = None
    why: Why | None = None
    words: str = ""
    looks: tuple[Look, ...] = ()
    stops: bool = False


def suit(draft: Draft, inside: Inside, send: Send, now: datetime) -> Suit:
    """Look at the gift, then the ladder, then the balance."""
    none = gifts.missing(inside, send) if send.variables else None
    if none is not None:
        return Suit(why=none.why, words=none.words, stops=none.stops)
    choice = choose(draft, inside, send, now) if isinstance(send, Offer) else None
    if choice is not None and choice.rung is None:
        return Suit(choice, Why.no_rung, choice.words, choice.looks)
    balance = draft.book.rules.balance
    if send.class_ == OFFER and balance is not None:
        look = _balanced(draft, balance, now)
        if look.answer == "no":
            words = f"{look.found}; {look.what}"
            return Suit(choice, Why.balance, words, (*_of(choice), look), send.if_capped == "stop")
        return Suit(choice, looks=(*_of(choice), look))
    return Suit(choice, looks=_of(choice))


def lacking(draft: Draft, inside: Inside, send: Send, now: datetime) -> bool:
    """Whether a message to come has no rung, no balance or no gift as things stand; what is not reserved yet may be."""
    found = suit(draft, inside, send, now)
    return found.why is not None and found.why is not Why.not_asked


def _of(choice: Choice | None) -> tuple[Look, ...]:
    return choice.looks if choice is not None else ()


def _balanced(draft: Draft, balance: Balance, now: datetime) -> Look:
    """Whether one offer more still has enough mails beside it that gave something, had in that time."""
    had = [m for m in draft.messages if not m.cancelled and m.at <= now and _recent(draft, balance.within, m.at, now)]
    gave = sum(message.class_ in GIVES for message in had)
    asked = sum(message.class_ == OFFER for message in had)
    fits = (asked + 1) * balance.per <= gave * balance.offers
    rule = f"balance of {balance.offers} for {balance.per} that give something, within {balance.within}"
    found = f"had {gave} that gave something and {asked} offer{'' if asked == 1 else 's'}"
    return Look(rule, found, "yes" if fits else "no")


def _recent(draft: Draft, within: Length, at: datetime, now: datetime) -> bool:
    """Whether something lies within a length back, counted in the reader's dates."""
    if within.elapsed:
        return now - at < timedelta(seconds=within.seconds)
    return draft.today(now) < add_dates(draft.today(at), within)
