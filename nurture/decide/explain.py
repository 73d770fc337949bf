"""Recorded reasons put into plain words (language.md 11.4, 11.5): nothing is asked again here, only said.

All times are the reader's own. A line may be long: what prints it wraps it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from types import MappingProxyType

from nurture.decide.clock import Clock, local, reader_clock
from nurture.model.book import Book
from nurture.model.decision import ENDINGS, MESSAGES_NOT_SENT, STARTS, Look, Reason, Why
from nurture.model.mail import Fate
from nurture.model.person import Enrolment, Message, Person
from nurture.model.step import Repeat, Task, WaitEvent, Webhook

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
INDENT = " " * 7
GIFT_WORDS = {"waiting": "reserved, to be drawn with the mail that carries it"}
_RULES = {Why.stopped: " (stop_when)", Why.no_longer_fits: " (while)"}  # said where a rule of the sequence ended it
NO_FATES: Mapping[str, Fate] = MappingProxyType({})
NO_NEWS: Mapping[str, str] = MappingProxyType({})
FATES = {
    Fate.planned: "waits to be handed over",
    Fate.claimed: "waits to be handed over",
    Fate.handed: "is being handed over",
    Fate.held: "held, until a person releases it (`nurture outbox --held` says why)",
    Fate.in_doubt: "in doubt: it may have gone",
    Fate.unknown: "fate unknown: it may have gone, and is not sent again",
    Fate.refused: "not sent: refused, or it cannot be written",
    Fate.cancelled: "not sent after all",
    Fate.expired: "not sent after all: too old",
}


def day_words(day: date) -> str:
    """`Mon 08 Mar`."""
    return f"{WEEKDAYS[day.weekday()]} {day.day:02} {MONTHS[day.month - 1]}"


def moment_words(instant: datetime, clock: Clock) -> str:
    """`Mon 08 Mar 10:00` on the reader's clock."""
    there = local(instant, clock)
    return f"{day_words(there.date())} {there:%H:%M}"


def date_words(instant: datetime, clock: Clock) -> str:
    """`8 Mar 2027` on the reader's clock."""
    there = local(instant, clock)
    return f"{there.day} {MONTHS[there.month - 1]} {there.year}"


def why_words(reason: Reason, clock: Clock) -> str:
    """What came of a message or a start, in one phrase: `muted by open_complaint`, `-> Thu 11 Mar: …`."""
    if reason.why is Why.moved and reason.until is not None:
        return f"-> {moment_words(reason.until, clock)}: {reason.words}"
    why = reason.why.value.replace("_", " ")
    if not reason.words or reason.words.startswith(why):
        return reason.words or why
    return f"{why}: {reason.words}"


def look_lines(looks: Iterable[Look]) -> list[str]:
    """What was looked at, as columns: the author's words, what was found, the answer."""
    rows = [(look.what, look.found, look.answer) for look in looks]
    if not rows:
        return []
    first = min(max(len(what) for what, _, _ in rows), 44)
    second = min(max(len(found) for _, found, _ in rows), 78 - first)
    return [f"{INDENT}{what:<{first}}   {found:<{second}}   {said}".rstrip() for what, found, said in rows]


def person_line(book: Book, person: Person) -> str:
    """`Salma · ar · Europe/Paris (their own setting) · stage buying · moment feedback`."""
    clock = reader_clock(book.rules, person.facts)
    parts = [
        str(person.facts.get("first_name") or person.address or person.id),
        str(person.facts.get("locale") or book.rules.locales[0]),
        f"{clock.zone.key} ({clock.rung})",
        f"stage {person.stage.id}" if person.stage else "no stage yet",
        *(f"moment {moment}" for moment in sorted(person.moments)),
    ]
    return " · ".join(parts)


def enrolment_line(book: Book, person: Person, enrolment: Enrolment) -> str:
    """`first_order, version 2, started Sun 07 Mar 19:50 by order.delivered`."""
    clock = reader_clock(book.rules, person.facts)
    by = f" by {enrolment.event.name}" if enrolment.event else f" by {enrolment.name}" if enrolment.name else ""
    version = f", version {enrolment.version}" if enrolment.version else ""
    started = f"{enrolment.sequence}{version}, started {moment_words(enrolment.started_at, clock)}{by}"
    if enrolment.ended_at:
        return f"{started}; ended {moment_words(enrolment.ended_at, clock)}: {enrolment.ending}"
    return started


def reason_lines(reason: Reason, clock: Clock) -> list[str]:
    """One recorded reason with what was looked at and where it stands in the files."""
    if reason.why in STARTS and reason.why is not Why.started:
        head = f"Did not start on {date_words(reason.at, clock)}: {why_words(reason, clock)}"
    else:
        head = f"{moment_words(reason.at, clock)}  {verdict(reason, clock)}"
    lines = [head, *look_lines(reason.looks)]
    if reason.place is not None:
        lines.append(f"{INDENT}{reason.place.file}:{reason.place.line}")
    return lines


def verdict(reason: Reason, clock: Clock) -> str:
    """What happened, with the mail or step it happened to."""
    what = reason.mail or reason.step
    if reason.why is Why.moved:
        due = f"due {moment_words(reason.due_at, clock)} " if reason.due_at and reason.due_at != reason.at else ""
        return f"{what}  {due}{why_words(reason, clock)}"
    if reason.why in MESSAGES_NOT_SENT:
        return f"{what}  not sent: {why_words(reason, clock)}"
    if reason.why in ENDINGS:
        rule = _RULES.get(reason.why, "") if reason.place is not None else ""
        return f"ended: {why_words(reason, clock)}{rule}"
    if reason.why is Why.version:
        due = f", until {moment_words(reason.until, clock)}" if reason.until else ""
        return f"{reason.words}{due}"
    if reason.why is Why.started:
        return f"started{': ' + reason.words if reason.words else ''}"
    said = step_words(reason, clock)
    if said:
        return f"{what}  {said}".strip()
    return f"{what}  {why_words(reason, clock)}".strip()


def step_words(reason: Reason, clock: Clock) -> str:
    """What came of a step that waits, chooses, gives or asks; empty for any other reason."""
    own_time = f" {moment_words(reason.due_at, clock)}" if reason.due_at else ""
    match reason.why:
        case Why.came:
            return f"answered by {reason.words}{own_time}"
        case Why.timed_out:
            return f"no answer: {reason.words}"
        case Why.came_too_late:
            return f"{reason.words} came too late: the wait was over{own_time}"
        case Why.way:
            return f"goes the way {reason.words}"
        case Why.gift:
            gift, _, state = reason.words.partition(" ")
            return f"gift {gift}: {GIFT_WORDS.get(state, state.replace('_', ' '))}"
        case Why.task:
            held = f", waited for until {moment_words(reason.until, clock)}" if reason.until else ""
            return f"task {reason.words}{held}"
        case Why.webhook:
            return reason.words
    return ""


def told(
    book: Book,
    person: Person,
    reasons: Sequence[Reason],
    fates: Mapping[str, Fate] = NO_FATES,
    news: Mapping[str, str] = NO_NEWS,
) -> list[str]:
    """Everything recorded about one person, sequence by sequence, in the order in which it happened.

    `fates` says by send key where the mails stand that were decided on, `news` in words what became of them.
    """
    clock = reader_clock(book.rules, person.facts)
    lines = []
    ordered = sorted(reasons, key=lambda reason: (reason.sequence, reason.subject))
    for (name, subject), group in groupby(ordered, key=lambda reason: (reason.sequence, reason.subject)):
        inside = next((e for e in person.enrolments if e.identity == (name, subject)), None)
        lines.append("")
        lines.append(enrolment_line(book, person, inside) if inside else name or "beside any sequence")
        for reason in sorted(group, key=lambda reason: reason.at):
            lines += reason_lines(reason, clock)
            lines += sent_lines(person, reason, fates, news)
        lines += standing_lines(book, inside, clock) if inside else []
    return lines


def standing_lines(book: Book, enrolment: Enrolment, clock: Clock) -> list[str]:
    """`Waits at question, until Tue 09 Mar 10:00`, and for what; nothing for what has ended."""
    if enrolment.ended_at is not None or enrolment.step is None:
        return []
    until = moment_words(enrolment.due_at, clock) if enrolment.due_at else "something happens"
    return [f"{INDENT}waits at {enrolment.step}{_waited_for(book, enrolment)}, until {until}"]


def _waited_for(book: Book, enrolment: Enrolment) -> str:
    sequence = book.sequence(enrolment.sequence, enrolment.version)
    node = sequence.nodes.get(enrolment.step or "") if sequence is not None else None
    match node.step if node is not None else None:
        case WaitEvent(events=events):
            return f" for {' or '.join(events)}"
        case Task(to=to):
            return f" for {to} to finish the task"
        case Webhook(endpoint=endpoint):
            return f" for {endpoint} to answer"
        case Repeat(id=repeat, times=times):
            begun = next((one.number for one in enrolment.rounds if one.repeat == repeat), 0)
            return f" for round {begun + 1} of {times}"
    return ""


def fate_words(fate: Fate | None) -> str:
    """What became of a mail after it was decided; empty for one that went as it should."""
    if fate is None or fate is Fate.accepted:
        return ""
    return FATES.get(fate, str(fate.value))


def sent_lines(
    person: Person, reason: Reason, fates: Mapping[str, Fate] = NO_FATES, news: Mapping[str, str] = NO_NEWS
) -> list[str]:
    """The send key of a mail that went, under which the outbox and the provider know it, and where it stands."""
    if reason.why is not Why.sent:
        return []
    mine = [message for message in person.messages if is_about(message, reason)]
    key = next((m.key for m in sorted(mine, key=lambda one: one.at != reason.at)), "")  # of a repeat, that round's
    fate = fates.get(key)
    said = "" if fate is Fate.planned and reason.words else fate_words(fate)  # a draft says what it waits for
    line = f"{INDENT}send key {key[:16]}{' · ' if said else ''}{said}"
    return [line, *([f"{INDENT}{news[key]}"] if news.get(key) else [])] if key else []


def is_about(message: Message, reason: Reason) -> bool:
    """Whether this mail is the one the reason speaks of."""
    return (message.sequence, message.subject, message.step) == (reason.sequence, reason.subject, reason.step)


def stage_line(book: Book, person: Person, sequence: str) -> str:
    """`Is in stage looking; this sequence is for buying, again`; empty where everybody may enter."""
    wanted = book.sequences[sequence].stage if sequence in book.sequences else ()
    if not wanted or person.stage is None or person.stage.id in wanted:
        return ""
    return f"{INDENT}Is in stage {person.stage.id}; this sequence is for {', '.join(wanted)}"
