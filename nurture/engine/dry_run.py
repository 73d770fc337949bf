"""`run --dry-run`: the same candidates and the same core as the tick, stopped before anything is kept or sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from nurture.decide.clock import reader_clock
from nurture.decide.last_look import last_look
from nurture.decide.special_days import dates_in
from nurture.engine.applying import LiveBook
from nurture.engine.giving import with_samples
from nurture.engine.road import may_delay
from nurture.engine.simulation import DROPPED, Calendar, Entry, begin_at, dropped_entry, mail_entry
from nurture.engine.tick import Tell, decide
from nurture.engine.workshop import Workshop
from nurture.model.decision import Decision
from nurture.model.mail import Email
from nurture.model.place import Problem
from nurture.render.mail import render


@dataclass(slots=True)
class Tried:
    """What would go now, what would not, which mails could not be written, and what may delay those that would go."""

    at: datetime
    people: int = 0
    calendar: Calendar = field(default_factory=Calendar)
    subjects: dict[str, str] = field(default_factory=dict)
    broken: list[Problem] = field(default_factory=list)
    pace: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from self.calendar.lines()
        for problem in self.broken:
            yield f"cannot be written: {problem.place}: {problem.message}"
        yield from self.pace
        yield f"{self.people:,} looked at; nothing was written, nothing was sent."


def dry_run(shop: Workshop, live: LiveBook, at: datetime | None, now: datetime, tell: Tell) -> Tried:
    """One round as if it were `at` (a wall time of the project's zone); not earlier than the last tick."""
    moment = begin_at(at, live.book, now, "--at")
    found = Tried(moment, pace=tuple(may_delay(shop, moment)))
    since = min(shop.store.watermark or now, moment)
    for page in shop.store.candidates(live.book, since, moment, dates_in):
        labels = shop.store.labels(page)
        for decision in decide(shop.store, live.book, page, moment):
            add(found, shop, live, labels[decision.person.id], decision)
        found.people += len(page)
        tell(found.people)
    found.calendar.mails.sort()
    found.calendar.dropped.sort()
    return found


def add(found: Tried, shop: Workshop, live: LiveBook, label: str, decision: Decision) -> None:
    """The mails of one decision, rendered as they would be, and what is moved or dropped."""
    clock = reader_clock(live.book.rules, decision.person.facts)
    for intent in decision.intents:
        refused = last_look(live.book, decision.person, intent, found.at)
        entry = mail_entry(intent, label, clock)
        if refused is not None:
            found.calendar.dropped.append(Entry(*entry[:4], f"{refused[0].value}: {refused[1]}"))
            continue
        found.calendar.mails.append(entry)
        shown = with_samples(live.book, intent, found.at)
        mail = render(live.book, live.templates, shown, decision.person, links=shop.links)
        if isinstance(mail, Email):
            found.subjects[intent.key] = mail.subject
        elif mail not in found.broken:
            found.broken.append(mail)
    found.calendar.dropped += [
        dropped_entry(reason, label, clock) for reason in decision.reasons if reason.why in DROPPED
    ]
