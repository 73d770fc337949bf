"""Handing over: claim a batch, look once more, render, commit `handed`, deliver, settle (architecture.md 2.3)."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nurture import observe
from nurture.decide.advance import advance
from nurture.decide.last_look import last_look
from nurture.deliver.protocol import hand_over
from nurture.engine.applying import LiveBook
from nurture.engine.tick import Tell, refuse_halted, silent
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.decision import Intent, Reason, Why
from nurture.model.event import ADDRESS_ADDED, ADDRESS_STATE, CONSENT_REFUSED, ERASED, SUPPRESSED
from nurture.model.mail import Email, Fate, Handover
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.render.mail import render
from nurture.store.database import Conflict
from nurture.store.outbox_rows import Batch

BATCH = 100
SHOWN = 10
END = datetime.max.replace(tzinfo=UTC)
SAID = {
    Fate.in_doubt: "in doubt: they may have gone, and are not sent again",
    Fate.refused: "cannot be written; `nurture explain PERSON` says why",
}
NOT_GONE = frozenset({Fate.cancelled, Fate.expired, Fate.refused})
SAYS_STOP = frozenset({CONSENT_REFUSED, SUPPRESSED, ERASED, ADDRESS_ADDED, ADDRESS_STATE})


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that stays here after all, and why."""

    why: Why
    handover: Handover


@dataclass(slots=True)
class Handed:
    """How many mails went which way, and what was wrong with those that could not be written.

    `waiting` and `in_doubt` count what the store holds now; `doubts` names the newest in doubt.
    """

    fates: dict[Fate, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    in_doubt_before: int = 0
    waiting: int = 0
    in_doubt: int = 0
    doubts: tuple[str, ...] = ()

    def count(self, handover: Handover) -> None:
        """Take one in."""
        self.fates[handover.fate] = self.fates.get(handover.fate, 0) + 1
        if handover.fate in (Fate.refused, Fate.in_doubt, Fate.planned):
            place = f"{handover.problem.place}: {handover.problem.message}" if handover.problem else handover.detail
            if place not in self.troubles:
                self.troubles.append(place)

    @property
    def stuck(self) -> bool:
        """Whether the way out is closed for now, so that trying on would only turn in a circle."""
        return Fate.planned in self.fates

    def counts(self) -> dict[str, int]:
        """For the log."""
        return {fate.value: count for fate, count in self.fates.items()}

    def document(self) -> dict[str, object]:
        """For --json."""
        held = {"waiting": self.waiting, "in_doubt": self.in_doubt, "doubts": self.doubts}
        return {"handed": self.counts(), "in_doubt_before": self.in_doubt_before, **held, "troubles": self.troubles}

    def words(self, folder: Path) -> Iterator[str]:
        """For people."""
        if self.in_doubt_before:
            yield f"{self.in_doubt_before:,} of an earlier run are in doubt: they may have gone, and are not sent again"
        accepted = self.fates.get(Fate.accepted, 0)
        if accepted:
            yield f"{accepted:,} written to {folder}"
        for fate, count in self.fates.items():
            if fate not in (Fate.accepted, Fate.planned):
                yield f"{count:,} {SAID.get(fate, fate.value)}"
        if self.stuck:
            yield f"{self.waiting:,} wait: they could not be handed over now, and go with the next run"
        for trouble in self.troubles[:SHOWN]:
            yield f"  {trouble}"
        if self.in_doubt:
            yield f"{self.in_doubt:,} in doubt in all, the newest:"
            yield from (f"  {doubt}" for doubt in self.doubts)


def hand_over_all(
    shop: Workshop,
    live: LiveBook,
    now: datetime,
    tell: Tell = silent,
    clock: Callable[[], datetime] | None = None,
) -> Handed:
    """Hand over everything that waits. StateError while the store is halted.

    A long run takes the instant of each lease and last look from `clock`; without one it is `now`.
    """
    refuse_halted(shop.store)
    moment = now
    done = Handed(in_doubt_before=shop.store.recover(now, live.book, shop.owner).in_doubt)
    while not done.stuck and (batch := shop.store.claim(BATCH, moment, shop.owner)) is not None:
        moment = max(now, clock()) if clock else now
        for handover in hand_batch(shop, live, batch, moment):
            done.count(handover)
        tell(sum(done.fates.values()))
    look_round(shop, done)
    observe.note(observe.HAND_OVER_DONE, **done.counts())
    return done


def look_round(shop: Workshop, done: Handed) -> None:
    """What the store holds now of mails that wait or are in doubt."""
    counts = shop.store.counts()
    done.waiting, done.in_doubt = counts.planned, counts.in_doubt
    if done.in_doubt:
        newest = shop.store.in_doubt(SHOWN)
        labels = shop.store.labels([person for person, _ in newest])
        done.doubts = tuple(f"{labels[person]:<28} {mail}" for person, mail in newest)


def hand_batch(shop: Workshop, live: LiveBook, batch: Batch, now: datetime) -> list[Handover]:
    """One batch on its way; all that can fail by itself is done before `handed` is committed."""
    people = as_known(shop, live.book, [one.person for one in batch.intents], now)
    prepared = [written(shop, live, intent, people[intent.person], now) for intent in batch.intents]
    try:
        shop.store.hand(batch, now)
    except Conflict:
        return []  # another process put it back into the queue: it goes from there
    emails = [one for one in prepared if isinstance(one, Email)]
    kept = [one for one in prepared if isinstance(one, Kept)]
    handovers = [one.handover for one in kept] + asyncio.run(posted(shop, emails))
    why = {one.handover.key: one.why for one in kept}
    intents = {one.key: one for one in batch.intents}
    reasons = [
        (intents[one.key].person, reason_of(intents[one.key], one, why.get(one.key, Why.broken), now))
        for one in handovers
        if one.fate in NOT_GONE
    ]
    shop.store.settle(batch, handovers, now, live.book, reasons)
    return handovers


async def posted(shop: Workshop, emails: list[Email]) -> list[Handover]:
    """What the provider says of each."""
    return [one async for one in hand_over(shop.provider, emails)]


def as_known(shop: Workshop, book: Book, ids: list[str], now: datetime) -> dict[str, Person]:
    """The people with all that arrived since they were decided on; nothing of it is kept.

    A refusal counts from the moment the store has it, also when the clock went back since.
    """
    found = {}
    for person, arrived in shop.store.people(ids, END):
        news = [event for event in arrived if event.known_at <= now or event.name in SAYS_STOP]
        moment = max([now, person.asof, *(event.known_at for event in news)])
        found[person.id] = advance(book, person, moment, news).person if news else person
    return found


def written(shop: Workshop, live: LiveBook, intent: Intent, person: Person, now: datetime) -> Email | Kept:
    """The mail as it goes out, or why it does not."""
    refused = last_look(live.book, person, intent, now)
    if refused is not None:
        why, words = refused
        return Kept(why, Handover(intent.key, Fate.expired if why is Why.expired else Fate.cancelled, words))
    if not may_go(shop, live, intent):
        words = "config.toml lets only some addresses have mail"
        return Kept(Why.cancelled, Handover(intent.key, Fate.cancelled, words))
    try:
        email = render(live.book, live.templates, intent, person, links=shop.links)
    except Exception as fault:  # noqa: BLE001  (one mail that cannot be written must not hold up all the others)
        words = f"this mail cannot be written: {type(fault).__name__}: {fault}"
        return Kept(Why.broken, Handover(intent.key, Fate.refused, words))
    if isinstance(email, Problem):
        return Kept(Why.broken, Handover(intent.key, Fate.refused, email.message, email))
    return email


def reason_of(intent: Intent, handover: Handover, why: Why, now: datetime) -> Reason:
    """Why a mail that was decided did not go, to be kept for `explain`."""
    place = handover.problem.place if handover.problem else None
    return Reason(
        why, now, intent.due_at, intent.sequence, intent.version, intent.subject, intent.step, intent.mail,
        handover.detail, place=place,
    )  # fmt: skip


def may_go(shop: Workshop, live: LiveBook, intent: Intent) -> bool:
    """`mode = "test"` writes only to the seeds, and `deliver.only_to` only to whom it names."""
    only = {address.casefold() for address in shop.config.only_to}
    address = intent.address.casefold()
    if shop.config.mode == "test":
        seeds = {seed.casefold() for seed in live.book.rules.seeds}
        return address in (only & seeds if only else seeds)
    return not only or address in only
