"""Taking people into a sequence by hand: one by one, or all who fulfil its start already (language.md 6.4).

They are asked like everybody who starts: `again`, limits and the stage hold for them too, at the moment they start.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from nurture import observe
from nurture.decide.advance import advance
from nurture.decide.already import Cause, can_last, fulfilled
from nurture.decide.timed import spread_over
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.people import find_person
from nurture.engine.switches import refuse_unknown
from nurture.engine.tick import Tell, silent, uncollected
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.bucket import BUCKETS, turn
from nurture.model.decision import STARTS, Why
from nurture.model.event import PERSON_ENROLLED, Event
from nurture.model.length import Length
from nurture.model.person import Person
from nurture.model.sequence import Sequence as BookSequence
from nurture.model.sequence import Status
from nurture.model.values import dataclass
from nurture.store.enrolling import Enrolled, awaited, enrol

LETS_IN = frozenset({Why.started, Why.queued})


@dataclass(frozen=True, slots=True)
class Asked:
    """What becomes of one person who is taken in: whether they start, the engine's word for it, and what it found."""

    person: str
    starts: bool
    why: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Fulfilling:
    """Who fulfils a sequence already and would start now; `refused` counts the others by the engine's word."""

    sequence: str
    people: tuple[tuple[str, Cause], ...]
    refused: dict[str, int] = field(default_factory=dict)
    awaited: int = 0

    def lines(self) -> Iterator[str]:
        """For people, before they are asked."""
        count = len(self.people)
        yield f"{count:,} fulfil {self.sequence} already and would start."
        for why, many in sorted(self.refused.items()):
            yield f"{many:,} fulfil it and would not start: {why}"
        if self.awaited:
            yield f"{self.awaited:,} were taken in before and start later."


def enrol_people(shop: Workshop, book: Book, name: str, texts: Sequence[str], now: datetime) -> list[Asked]:
    """Take these people in, by id or address; what becomes of each. MisuseError before anybody is taken in."""
    sequence = live_sequence(book, name)
    ids = list(dict.fromkeys(find_person(shop, text) for text in texts))
    labels = shop.store.labels(ids)
    people = {person.id: person for person in present(shop, book, ids, now)}
    found = [asked(book, sequence, people[id_], None, now, labels[id_]) for id_ in ids if id_ in people]
    enrol(shop.store, (Enrolled(id_, name, now) for id_ in ids))
    observe.note(observe.ENROLLED, sequence=name, people=len(ids))
    return found


def fulfilling(shop: Workshop, book: Book, name: str, now: datetime, tell: Tell = silent) -> Fulfilling:
    """Everybody who fulfils a sequence's start already. MisuseError for one that only events or hours start."""
    sequence = live_sequence(book, name)
    if not can_last(sequence):
        words = "only a silence (lapse), a stage, a day or a special day can hold already"
        raise MisuseError(f"nobody can fulfil {name} already: {words}.")
    waiting = awaited(shop.store, name, now)
    found: list[tuple[str, Cause]] = []
    refused: Counter[str] = Counter()
    done = 0
    for page in shop.store.everybody():
        with uncollected():
            for person in present(shop, book, page, now):
                cause = None if person.id in waiting else fulfilled(book, person, sequence, now)
                if cause is None:
                    continue
                one = asked(book, sequence, person, cause, now, person.id)
                if one.starts:
                    found.append((person.id, cause))
                else:
                    refused[one.why] += 1
        done += len(page)
        tell(done)
    return Fulfilling(name, tuple(found), dict(refused), len(waiting))


def enrol_fulfilling(shop: Workshop, book: Book, found: Fulfilling, spread: Length | None, now: datetime) -> int:
    """Take them in, at once or each at their turn within `spread`; how many."""
    sequence = live_sequence(book, found.sequence)
    long = spread_over(spread) if spread is not None else timedelta()
    salt = sequence.lineage or sequence.name

    def rows() -> Iterator[Enrolled]:
        for id_, cause in found.people:
            fields = {"trigger": cause.trigger, "name": cause.name, "day": cause.day0, "thing": cause.thing}
            yield Enrolled(id_, found.sequence, now + long * turn(id_, salt) / BUCKETS, fields)

    done = enrol(shop.store, rows())
    observe.note(observe.ENROLLED, sequence=found.sequence, people=done)
    return done


def live_sequence(book: Book, name: str) -> BookSequence:
    """The live sequence of that name; MisuseError when there is none, RefusedError when nobody can start in it."""
    refuse_unknown([name], book.sequences)
    sequence = book.sequences[name]
    if sequence.status is Status.draft:
        raise RefusedError(f"{name} is a draft, in which nobody starts; write  status: live  and apply it.")
    return sequence


def present(shop: Workshop, book: Book, ids: Sequence[str], now: datetime) -> Iterator[Person]:
    """People with what arrived taken in; whoever was decided up to a later instant stays as they are."""
    for person, arrived in shop.store.people(ids, now):
        yield advance(book, person, now, arrived).person if person.asof <= now else person


def asked(book: Book, sequence: BookSequence, person: Person, cause: Cause | None, now: datetime, label: str) -> Asked:
    """What the engine would say of a start now; nothing is kept."""
    fields: dict[str, object] = {"sequence": sequence.name}
    if cause is not None:
        fields |= {"trigger": cause.trigger, "name": cause.name, "day": cause.day0, "thing": cause.thing}
    moment = max(now, person.asof)
    event = Event("enrol", PERSON_ENROLLED, moment, moment, fields=fields)
    decision = advance(book, person, moment, (event,))
    said = [one for one in decision.reasons if one.sequence == sequence.name and one.why in STARTS]
    if not said:
        return Asked(label, False, "the engine says nothing of it")
    last = said[-1]
    against = "; ".join(f"{look.what}: {look.found}" for look in last.looks if look.answer != "yes")
    return Asked(label, last.why in LETS_IN, last.why.value, against)
