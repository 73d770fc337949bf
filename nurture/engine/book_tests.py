"""`nurture test`: what came in each case of the test files, held against what its author expects (language.md 10)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from datetime import date, datetime, timedelta

from nurture.decide.clock import Clock, local, reader_clock
from nurture.engine.book_tests_life import World, lived
from nurture.engine.book_tests_world import Clocks, Worlds
from nurture.language.test_files import Became, Case, CaseFile, Expected, When
from nurture.model.book import Book
from nurture.model.decision import ENDINGS, MESSAGES_NOT_SENT, Decision, Intent, Reason, Why
from nurture.model.person import Enrolment, Person
from nurture.model.place import Place
from nurture.model.values import dataclass

STILL_INSIDE = "still inside"


@dataclass(frozen=True, slots=True)
class Came:
    """One message that came: when on their own clock (without a zone), which, with what, and from which step."""

    at: datetime
    mail: str
    class_: str
    gifts: tuple[str, ...]
    rung: str
    variant: str
    sequence: str
    subject: str
    step: str
    day0: date

    def is_at(self, when: When) -> bool:
        """Whether it came at that minute."""
        day = when.day or self.day0 + timedelta(days=when.after_day_0)
        return (self.at.date(), self.at.hour, self.at.minute) == (day, when.clock.hour, when.clock.minute)


@dataclass(frozen=True, slots=True)
class Told:
    """A recorded reason with the clock that the person had then."""

    reason: Reason
    clock: Clock


@dataclass(slots=True)
class Story:
    """What one case brought: the messages, every reason, and the person at its end."""

    came: list[Came] = field(default_factory=list)
    reasons: list[Told] = field(default_factory=list)
    person: Person | None = None
    book: Book | None = None

    def enrolments(self, sequence: str) -> list[Enrolment]:
        """Theirs in a sequence, in the order in which they started."""
        return [one for one in self.person.enrolments if one.sequence == sequence] if self.person else []


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as wanted: the message it is about, what is said of it, and where that was wanted.

    `at` is the moment on the person's own clock, `mail` empty for an ending.
    """

    words: str
    mail: str = ""
    at: datetime | None = None
    wanted: str = ""
    sequence: str = ""
    subject: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One case with what came and how that differs; no difference is a pass."""

    file: str
    case: Case
    story: Story
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came as wanted."""
        return not self.differences


def run_files(worlds: Worlds, files: Iterable[CaseFile], tell: Callable[[int], None]) -> Iterator[Result]:
    """Every case of the files, in their order; `tell` hears how many are done."""
    done = 0
    for file in files:
        for case in file.cases:
            story = story_of(worlds, file.sequences, case)
            done += 1
            tell(done)
            yield Result(file.file, case, story, tuple(differences(case, story)))


def story_of(worlds: Worlds, sequences: Sequence[str], case: Case) -> Story:
    """Live one case."""
    life, world, story = worlds.life(sequences, case), World(case), Story()
    clocks = Clocks(worlds.book, case.given)
    intents: list[tuple[Intent, Decision, Clock]] = []
    for decision in lived(life, world, clocks):
        clock = reader_clock(life.book.rules, decision.person.facts)
        intents += [(intent, decision, clock) for intent in decision.intents]
        story.reasons += [Told(reason, clock) for reason in decision.reasons]
        story.person = decision.person
    story.book = life.after or life.book
    story.came = [came(intent, decision.person, clock) for intent, decision, clock in intents if world.goes(intent)]
    return story


def came(intent: Intent, person: Person, clock: Clock) -> Came:
    """A message as tests speak of it."""
    inside = next((one for one in person.enrolments if one.identity == (intent.sequence, intent.subject)), None)
    at = local(intent.decided_at, clock).replace(tzinfo=None)
    return Came(
        at,
        intent.mail,
        intent.class_,
        tuple(gift.gift for gift in intent.gifts),
        intent.offered.partition(".")[2],
        intent.variant,
        intent.sequence,
        intent.subject,
        intent.step,
        inside.day0 if inside else at.date(),
    )


def differences(case: Case, story: Story) -> Iterator[Difference]:
    """Everything that is not as the case wants it."""
    if case.expect is not None:
        yield from (in_part if case.partly else in_whole)(case.expect, story.came)
    yield from beside(case, story)


def beside(case: Case, story: Story) -> Iterator[Difference]:
    """What is not as wanted beside `expect`: under `never`, `ends` and `why`."""
    yield from unwanted(case, story)
    yield from of_endings(case, story)
    for wanted in case.why:
        yield from of_outcome(wanted, story)


def beside_expect(result: Result) -> list[Difference]:
    """What a recording cannot mend: it writes `expect` alone."""
    return list(beside(result.case, result.story))


def in_whole(wanted: Sequence[Expected], came: Sequence[Came]) -> Iterator[Difference]:
    """The complete list, in order. Messages are paired by mail, so that one that is missing does not shift the rest."""
    pairs = paired([one.mail for one in wanted], [one.mail for one in came])
    for expected, got in pairs:
        if expected is None and got is not None:
            yield about(came[got], "not in expect:")
        elif expected is not None and got is None:
            yield missing(wanted[expected])
        elif expected is not None and got is not None:
            yield from unlike(wanted[expected], came[got])


def paired(wanted: Sequence[str], came: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """The longest pairing of two lists in order (longest common subsequence); what has no fellow stands alone."""
    best = [[0] * (len(came) + 1) for _ in range(len(wanted) + 1)]
    for one in reversed(range(len(wanted))):
        for other in reversed(range(len(came))):
            same = best[one + 1][other + 1] + 1 if wanted[one] == came[other] else 0
            best[one][other] = max(same, best[one + 1][other], best[one][other + 1])
    found: list[tuple[int | None, int | None]] = []
    one = other = 0
    while one < len(wanted) or other < len(came):
        if one < len(wanted) and other < len(came) and wanted[one] == came[other]:
            found.append((one, other))
            one, other = one + 1, other + 1
        elif other < len(came) and (one == len(wanted) or best[one][other + 1] > best[one + 1][other]):
            found.append((None, other))
            other += 1
        else:
            found.append((one, None))
            one += 1
    return found


def in_part(wanted: Sequence[Expected], came: Sequence[Came]) -> Iterator[Difference]:
    """A sub-list: each wanted message comes after the one before it, others may stand between."""
    place = 0
    for expected in wanted:
        fitting = next((n for n in range(place, len(came)) if not list(unlike(expected, came[n]))), None)
        if fitting is not None:
            place = fitting + 1
            continue
        nearest = next((one for one in came[place:] if one.mail == expected.mail), None)
        if nearest is None:
            yield missing(expected)
        else:
            yield from unlike(expected, nearest)


def unlike(wanted: Expected, came: Came) -> Iterator[Difference]:
    """How a message differs from the wanted one; nothing where it is the same."""
    if wanted.mail != came.mail:
        yield missing(wanted)
        return
    found = [] if came.is_at(wanted.at) else [f"wanted {when_words(wanted.at)}"]
    if wanted.gift and wanted.gift not in came.gifts:
        found.append(f"{carried(came.gifts, 'gift')}, wanted {wanted.gift}")
    if wanted.rung and wanted.rung != came.rung:
        found.append(f"{carried((came.rung,) if came.rung else (), 'rung')}, wanted {wanted.rung}")
    if wanted.class_ and wanted.class_ != came.class_:
        found.append(f"class {came.class_}, wanted {wanted.class_}")
    if wanted.variant and wanted.variant != came.variant:
        found.append(f"{carried((came.variant,) if came.variant else (), 'variant')}, wanted {wanted.variant}")
    if found:
        yield about(came, "; ".join(found), wanted.place, str(wanted.at))


def carried(names: tuple[str, ...], what: str) -> str:
    """`gift sorry_bag`, `no gift`."""
    return f"{what} {', '.join(names)}" if names else f"no {what}"


def about(came: Came, words: str, place: Place | None = None, wanted: str = "") -> Difference:
    """A difference about a message that came."""
    return Difference(words, came.mail, came.at, wanted, came.sequence, came.subject, place)


def missing(wanted: Expected) -> Difference:
    """A message that was wanted, and did not come."""
    return Difference("wanted, and did not come", wanted.mail, None, when_words(wanted.at), place=wanted.place)


def when_words(when: When) -> str:
    """`Sat 27 Mar 10:00`, or `day 6 10:00`."""
    if when.day is None:
        return str(when)
    return f"{when.day:%a %d %b} {when.clock:%H:%M}"


def unwanted(case: Case, story: Story) -> Iterator[Difference]:
    """Mails that came although they stand under `never`."""
    for named in case.never:
        for one in story.came:
            if one.mail == named.name:
                yield about(one, "listed under never:", named.place)


def of_endings(case: Case, story: Story) -> Iterator[Difference]:
    """Sequences that did not end as wanted."""
    for named in case.ends:
        enrolments = story.enrolments(named.name)
        endings = [one.ending if one.ended_at else STILL_INSIDE for one in enrolments]
        if any(ends_as(ending, named.words) for ending in endings):
            continue
        last = enrolments[-1] if enrolments else None
        found = f"ended: {endings[-1]}" if last and last.ended_at else stands(last)
        yield Difference(
            f"{named.name} {found}; wanted ends: {named.words}",
            sequence=named.name,
            subject=last.subject if last else "",
            place=named.place,
        )


def ends_as(ending: str, words: str) -> bool:
    """`stopped` is every way of being stopped, `stopped: unhappy` that one."""
    return ending == words or ending.partition(":")[0] == words


def stands(last: Enrolment | None) -> str:
    """Where somebody who has not ended is."""
    return f"has not ended; it waits at {last.step}" if last else "did not start"


def of_outcome(wanted: Became, story: Story) -> Iterator[Difference]:
    """A message of which something else became than wanted."""
    found = [told for told in story.reasons if told.reason.mail == wanted.mail and is_outcome(told.reason)]
    if any(word_of(told.reason) == wanted.outcome and decided_at(told, wanted, story) for told in found):
        return
    became = ", ".join(dict.fromkeys(word_of(told.reason) for told in found)) or "never came to be decided"
    last = found[-1] if found else None
    yield Difference(
        f"{became}; wanted outcome: {wanted.outcome}",
        wanted.mail,
        local(last.reason.at, last.clock).replace(tzinfo=None) if last else None,
        when_words(wanted.at) if wanted.at else "",
        last.reason.sequence if last else "",
        last.reason.subject if last else "",
        wanted.place,
    )


def is_outcome(reason: Reason) -> bool:
    """Whether a reason says what finally became of a message."""
    return reason.why is Why.sent or reason.why in MESSAGES_NOT_SENT


def word_of(reason: Reason) -> str:
    """The outcome in one word, as files write it."""
    return reason.why.value.replace(" ", "_")


def decided_at(told: Told, wanted: Became, story: Story) -> bool:
    """Whether it was decided when the case says; always, where it says nothing."""
    if wanted.at is None:
        return True
    inside = next((one for one in story.enrolments(told.reason.sequence) if one.subject == told.reason.subject), None)
    at = local(told.reason.at, told.clock)
    day = wanted.at.day or (inside.day0 + timedelta(days=wanted.at.after_day_0) if inside else None)
    return (at.date(), at.hour, at.minute) == (day, wanted.at.clock.hour, wanted.at.clock.minute)


def has_ended(reason: Reason) -> bool:
    """Whether a reason ends an enrolment."""
    return reason.why in ENDINGS
