"""`explain --why-nobody`: what became of everybody for one sequence, and what keeps the others out (11.5)."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from nurture.decide.clock import reader_clock
from nurture.decide.conditions import looks
from nurture.decide.scene import Scene
from nurture.engine.unknown import refuse_unknown
from nurture.engine.unstarted import STANDS, last_event, moment_seen, trigger_words
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.decision import ENDINGS, MESSAGES_NOT_SENT, Look, Why
from nurture.model.person import Person
from nurture.model.sequence import Sequence
from nurture.model.values import dataclass
from nurture.store.reasons_counted import Counted, ReasonsCounted

SAMPLE = 2_000  # people who were never candidates are looked at one by one; of more than these, so many
SHOWN = 8  # kinds of answers that are told; the others are counted


@dataclass(frozen=True, slots=True)
class WhyNobody:
    """The answer: how many were considered, what came of it, and what was found of a sample of the others."""

    sequence: str
    since: datetime
    people: int
    considered: int
    counted: tuple[Counted, ...]
    others: tuple[tuple[str, int], ...]
    looked_at: int
    stands: str = ""
    starts: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.sequence}, since {self.since:%Y-%m-%d}: starts by {' or '.join(self.starts)}"
        if self.stands:
            yield f"  {self.stands}"
        yield f"{self.considered:,} of {self.people:,} people were considered"
        yield from (f"{one.people:>8,}  {words(one)}" for one in self.counted[:SHOWN])
        if len(self.counted) > SHOWN:
            yield f"{'':>8}  and {len(self.counted) - SHOWN} rarer reasons"
        rest = self.people - self.considered
        if not rest:
            return
        sampled = f"; {self.looked_at:,} of them were looked at" if self.looked_at < rest else ""
        yield f"{rest:,} never were{sampled}:"
        yield from (f"{count:>8,}  {why}" for why, count in self.others[:SHOWN])


def words(one: Counted) -> str:
    """`capped: already had first_bag_check_in (limit 1 per day)`."""
    why = one.why.value.replace("_", " ")
    return f"{why}: {one.words}" if one.words and not one.words.startswith(why) else one.words or why


def why_nobody(shop: Workshop, book: Book, name: str, since: datetime, now: datetime) -> WhyNobody:
    """Ask for one sequence. All instants are UTC. MisuseError for one that is not live."""
    refuse_unknown("sequence", name, book.sequences)
    sequence = book.sequences[name]
    asked = ReasonsCounted(shop.store.database)
    counted = tuple(one for one in asked.of(name, since) if one.why in TOLD)
    found: Counter[str] = Counter()
    looked_at = 0
    for page in asked.never_considered(name, since, SAMPLE):
        for person, _ in shop.store.people(page, now):
            found[keeps_out(book, person, sequence, now)] += 1
            looked_at += 1
    starts = tuple(trigger_words(trigger) for trigger in sequence.start)
    return WhyNobody(
        name, since, asked.people(), asked.considered(name, since), counted, tuple(found.most_common()), looked_at,
        STANDS.get(sequence.status, ""), starts,
    )  # fmt: skip


TOLD = (MESSAGES_NOT_SENT | set(Why) - ENDINGS) - {Why.branch, Why.stage, Why.came, Why.way}


def keeps_out(book: Book, person: Person, sequence: Sequence, now: datetime) -> str:
    """The first thing that speaks against a start for somebody whom no trigger ever reached."""
    stage = person.stage.id if person.stage else ""
    if sequence.stage and stage not in sequence.stage and person.moments.isdisjoint(sequence.stage):
        return (
            f"are in stage {stage}, which it is not for" if stage else "have no stage yet: nobody looked (nurture run)"
        )
    found: list[Look] = []
    for trigger in sequence.start:
        seen = moment_seen(book, person, sequence, trigger, None, now)
        if seen is not None:
            found.append(seen)
            continue
        if trigger.condition is not None:
            clock = reader_clock(book.rules, person.facts)
            scene = Scene(book, person, now, clock, last_event(person, trigger))
            found += [look for look in looks(trigger.condition, scene) if look.answer != "yes"]
    if found:
        return _in_kind(found[0])
    return "nothing speaks against it; its moment has not come since"


def _in_kind(look: Look) -> str:
    """Without the day that is this one person's, so that people of one kind are counted together."""
    if look.found.startswith(("never", "is ", "has ", "known before", "unknown")):
        return f"{look.what}: {look.found}"
    return f"{look.what}: {look.answer}"
