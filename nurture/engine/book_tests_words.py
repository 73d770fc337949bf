"""A failing case for people: what came, what was wanted, and why, for the first difference (language.md 10)."""

from collections.abc import Iterator
from datetime import datetime

from nurture.decide.clock import local
from nurture.decide.explain import day_words, moment_words, why_words
from nurture.engine.book_tests import Difference, Result, Story, Told, has_ended, is_outcome, stands
from nurture.model.book import Book
from nurture.model.decision import STARTS, Reason, Why
from nurture.model.place import Place
from nurture.model.step import Send

INDENT = " " * 8
GAP = 5


def result_lines(result: Result) -> Iterator[str]:
    """`ok` and the name of a case; of one that failed everything that differs, and why."""
    if result.passed:
        yield f"  ok    {result.case.name}"
        return
    yield f"  FAIL  {result.case.name}{' ' * GAP}{result.file}:{result.case.place.line}"
    shown = [shown_of(one) for one in result.differences]
    width = max(len(left) for left, _ in shown)
    for left, words in shown:
        yield f"{INDENT}{left:<{width}}   <- {words}" if left else f"{INDENT}{words}"
    yield from (f"{INDENT}{line}" for line in trail(result.differences[0], result.story))
    place = result.differences[0].place
    if place is not None:
        yield f"{INDENT}wanted at {place.file}:{place.line}"


def shown_of(difference: Difference) -> tuple[str, str]:
    """The message with its moment, and what is said of it."""
    if not difference.mail:
        return "", difference.words
    moment = shown_at(difference.at) if difference.at else difference.wanted
    return f"{moment}  {difference.mail}".strip(), difference.words


def shown_at(moment: datetime) -> str:
    """`Sat 27 Mar 10:00`."""
    return f"{day_words(moment.date())} {moment:%H:%M}"


def trail(difference: Difference, story: Story) -> Iterator[str]:
    """Why it came, or did not: `why: due ..; muted by ..; moved to ..`, and the place in the author's sequence."""
    told = about_message(difference, story) if difference.mail else about_ending(difference, story)
    if told:
        words, place = trail_of(told, story)
    else:
        words, place = without_a_word(difference, story)
    yield f"why: {words}"
    if place is not None:
        yield f"{place.file}:{place.line}"


def about_message(difference: Difference, story: Story) -> list[Told]:
    """The reasons of that very message; where it did not come, those of the last one of its name."""
    found = [told for told in story.reasons if told.reason.mail == difference.mail]
    if difference.sequence:
        key = (difference.sequence, difference.subject)
        found = [told for told in found if (told.reason.sequence, told.reason.subject) == key]
    if not found:
        return []
    if difference.at is not None:
        ends = [n for n, told in enumerate(found) if is_outcome(told.reason) and at_of(told) == difference.at]
        found = found[: ends[0] + 1] if ends else found
    outcomes = [n for n, told in enumerate(found[:-1]) if is_outcome(told.reason)]
    return found[outcomes[-1] + 1 :] if outcomes else found


def at_of(told: Told) -> datetime:
    """When it was recorded, on the person's clock."""
    return local(told.reason.at, told.clock).replace(tzinfo=None)


def about_ending(difference: Difference, story: Story) -> list[Told]:
    """How the enrolment ended, or why it did not start."""
    own = [told for told in story.reasons if told.reason.sequence == difference.sequence]
    ended = [told for told in own if has_ended(told.reason) and told.reason.subject == difference.subject]
    refused = [told for told in own if told.reason.why in STARTS and told.reason.why is not Why.started]
    return ended[-1:] or refused[-1:]


def trail_of(told: list[Told], story: Story) -> tuple[str, Place | None]:
    """Everything recorded about one message, from due to its end."""
    first, last = told[0], told[-1]
    send = send_of(story.book, last.reason)
    parts = []
    if first.reason.due_at is not None and first.reason.mail:
        parts.append(f"due {moment_words(first.reason.due_at, first.clock)}")
    for before, one in zip([first, *told], told, strict=False):
        if one.reason.why is not Why.sent or before.reason.until != one.reason.at:
            parts += spoken(one, send)
    return "; ".join(dict.fromkeys(parts)), last.reason.place or (send.place if send else None)


def spoken(told: Told, send: Send | None) -> Iterator[str]:
    """One reason in a few words."""
    reason, clock = told.reason, told.clock
    if reason.why in (Why.moved, Why.held) and reason.until is not None:
        muted = reason.words.startswith("muted")
        yield reason.words + "".join(f" {look.answer}" for look in reason.looks if look.what == "mutes" and muted)
        if send is not None:
            yield f"valid {send.valid_for}"
        choice = f" (if_{'muted' if muted else 'capped'}: later)" if reason.why is Why.moved else ""
        yield f"moved to {moment_words(reason.until, clock)}{choice}"
    elif reason.why is Why.sent:
        if reason.due_at != reason.at:
            yield f"sent {moment_words(reason.at, clock)}"
    elif has_ended(reason):
        yield f"ended {moment_words(reason.at, clock)}: {why_words(reason, clock)}"
    elif reason.why in STARTS:
        yield f"did not start {moment_words(reason.at, clock)}: {start_words(told)}"
    else:
        yield why_words(reason, clock) + looked(reason)


def looked(reason: Reason) -> str:
    """The question that was answered with no, in the author's words."""
    asked = [look for look in reason.looks if look.answer.startswith(("no", "unknown"))]
    return "".join(f" ({look.what}: {look.found})" for look in asked[:1])


def start_words(told: Told) -> str:
    """Why a start was refused."""
    return why_words(told.reason, told.clock) + looked(told.reason)


def send_of(book: Book | None, reason: Reason) -> Send | None:
    """The step that a reason speaks of, if it sends."""
    sequence = book.sequences.get(reason.sequence) if book else None
    node = sequence.nodes.get(reason.step) if sequence else None
    return node.step if node is not None and isinstance(node.step, Send) else None


def without_a_word(difference: Difference, story: Story) -> tuple[str, Place | None]:
    """Nothing was recorded of it: the flow never came there, or nothing in this world sends it."""
    if not difference.mail:
        return f"nothing that starts {difference.sequence} happened", None
    sending = [
        (name, node.step)
        for name, sequence in (story.book.sequences if story.book else {}).items()
        for node in sequence.nodes.values()
        if isinstance(node.step, Send) and node.step.mail == difference.mail
    ]
    if not sending:
        return "no sequence under with: sends it", None
    name, step = sending[0]
    enrolments = story.enrolments(name)
    if enrolments and not enrolments[-1].ended_at:
        return f"{name} {stands(enrolments[-1])}", step.place
    told = about_ending(Difference("", sequence=name, subject=enrolments[-1].subject if enrolments else ""), story)
    if not told:
        return f"nothing that starts {name} happened", step.place
    return f"{name} {'; '.join(spoken(told[-1], None))}", step.place
