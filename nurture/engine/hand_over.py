"""Handing over: claim a batch, look once more, render, commit `handed`, deliver, settle (architecture.md 2.3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nurture import observe
from nurture.decide.last_look import last_look
from nurture.deliver.protocol import hand_over
from nurture.engine.applying import LiveBook
from nurture.engine.faults import StateError
from nurture.engine.tick import Tell, silent
from nurture.engine.workshop import Workshop
from nurture.model.decision import Intent, Why
from nurture.model.mail import Email, Fate, Handover
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.render.mail import render
from nurture.store.database import Conflict
from nurture.store.outbox import Batch

BATCH = 100


@dataclass(slots=True)
class Handed:
    """How many mails went which way, and what was wrong with those that could not be written."""

    fates: dict[Fate, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    in_doubt_before: int = 0

    def count(self, handover: Handover) -> None:
        """Take one in."""
        self.fates[handover.fate] = self.fates.get(handover.fate, 0) + 1
        if handover.fate in (Fate.refused, Fate.in_doubt):
            place = f"{handover.problem.place}: {handover.problem.message}" if handover.problem else handover.detail
            if place not in self.troubles:
                self.troubles.append(place)

    def counts(self) -> dict[str, int]:
        """For the log."""
        return {fate.value: count for fate, count in self.fates.items()}

    def document(self) -> dict[str, object]:
        """For --json."""
        return {"handed": self.counts(), "in_doubt_before": self.in_doubt_before, "troubles": self.troubles}

    def words(self, folder: Path) -> Iterator[str]:
        """For people."""
        if self.in_doubt_before:
            yield f"{self.in_doubt_before:,} of an earlier run are in doubt: they may have gone, and are not sent again"
        accepted = self.fates.get(Fate.accepted, 0)
        if accepted:
            yield f"{accepted:,} written to {folder}"
        for fate, count in self.fates.items():
            if fate is not Fate.accepted:
                yield f"{count:,} {fate.value.replace('_', ' ')}"
        for trouble in self.troubles[:10]:
            yield f"  {trouble}"


def hand_over_all(shop: Workshop, live: LiveBook, now: datetime, owner: str = "", tell: Tell = silent) -> Handed:
    """Hand over everything that waits. StateError while the store is halted."""
    if shop.store.halted:
        raise StateError(f"nothing is sent: {shop.store.halted}. Look, then run `nurture run --once --accept`.")
    done = Handed(in_doubt_before=shop.store.recover(now, live.book).in_doubt)
    while (batch := shop.store.claim(BATCH, now, owner)) is not None:
        for handover in hand_batch(shop, live, batch, now):
            done.count(handover)
        tell(sum(done.fates.values()))
    observe.note(observe.HAND_OVER_DONE, **done.counts())
    return done


def hand_batch(shop: Workshop, live: LiveBook, batch: Batch, now: datetime) -> list[Handover]:
    """One batch on its way; all that can fail by itself is done before `handed` is committed."""
    people = {person.id: person for person, _ in shop.store.people([one.person for one in batch.intents], now)}
    prepared = [written(shop, live, intent, people[intent.person], now) for intent in batch.intents]
    try:
        shop.store.hand(batch, now)
    except Conflict:
        return []  # another process put it back into the queue: it goes from there
    emails = [one for one in prepared if isinstance(one, Email)]
    handovers = [one for one in prepared if isinstance(one, Handover)] + list(hand_over(shop.provider, emails))
    shop.store.settle(batch, handovers, now, live.book)
    return handovers


def written(shop: Workshop, live: LiveBook, intent: Intent, person: Person, now: datetime) -> Email | Handover:
    """The mail as it goes out, or why it does not."""
    refused = last_look(live.book, person, intent, now)
    if refused is not None:
        why, words = refused
        return Handover(intent.key, Fate.expired if why is Why.expired else Fate.cancelled, f"{why.value}: {words}")
    if not may_go(shop, live, intent):
        return Handover(intent.key, Fate.cancelled, "config.toml lets only some addresses have mail")
    email = render(live.book, live.templates, intent, person, shop.links(live.book))
    if isinstance(email, Problem):
        return Handover(intent.key, Fate.refused, email.message, email)
    return email


def may_go(shop: Workshop, live: LiveBook, intent: Intent) -> bool:
    """`mode = "test"` writes only to the seeds, and `deliver.only_to` only to whom it names."""
    only = set(shop.config.only_to)
    if shop.config.mode == "test":
        only = only & set(live.book.rules.seeds) if only else set(live.book.rules.seeds)
        return intent.address in only
    return not only or intent.address in only
