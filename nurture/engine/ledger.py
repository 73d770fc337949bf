"""The ledger of somebody's consents: who said what, when, how, on what ground, and the exact words they were shown.

Every answer is an event and stays one; what holds today follows from them (email.md 4.3, the ICO's list of proofs).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from nurture.decide.clock import Clock, local
from nurture.model import event as names
from nurture.model.event import Event, Origin

SAID = {
    names.CONSENT_GIVEN: "agreed to",
    names.CONSENT_REFUSED: "refused",
    names.CONSENT_LIFTED: "took back the refusal of",
    names.CONSENT_ASKED: "was asked to confirm",
    names.TRACKING_GIVEN: "agreed that opens and clicks are told apart",
    names.TRACKING_REFUSED: "refused that opens and clicks are told apart",
    names.THEME_SPARED: "asked to be spared",
    names.THEME_WANTED: "asked to be spared no longer",
    names.ADDRESS_ASKED: "asked for another address",
    names.ADDRESS_ADDED: "took another address",
    names.ADDRESS_KEPT: "said at the old address that it was not they who asked for another",
}
_WITHOUT_TOPICS = frozenset(
    {names.TRACKING_GIVEN, names.TRACKING_REFUSED, names.ADDRESS_ASKED, names.ADDRESS_ADDED, names.ADDRESS_KEPT}
)
SHOWN = 40


def ledger_lines(history: Iterable[Event], clock: Clock) -> list[str]:
    """The answers in the order in which they came, the last so many; nothing for who never gave one."""
    answers = [event for event in history if event.name in SAID and said_here(event)]
    if not answers:
        return []
    head = "Ledger:" if len(answers) <= SHOWN else f"Ledger, the last {SHOWN} of {len(answers):,}:"
    return [head, *(line for event in answers[-SHOWN:] for line in entry_lines(event, clock))]


def said_here(event: Event) -> bool:
    """Whether it is somebody's own word; an address that a shop tells is none."""
    return event.name != names.ADDRESS_ADDED or bool(event.fields.get("asked"))


def entry_lines(event: Event, clock: Clock) -> Iterator[str]:
    """One answer: when and what; below it by whom, how and on what ground, and the words that were shown."""
    what = " ".join([SAID[event.name], *filter(None, [", ".join(about(event))])])
    until = event.fields.get("until")
    day = f"{until:%Y-%m-%d}" if isinstance(until, datetime) else until
    yield f"  {local(event.happened_at, clock):%Y-%m-%d %H:%M}  {what}{f', until {day}' if until else ''}"
    proven = [*by_whom(event), *filter(None, [str(event.fields.get("basis", ""))])]
    if proven:
        yield f"      {'; '.join(proven)}"
    if event.fields.get("wording"):
        yield f'      shown: "{event.fields["wording"]}"'


def about(event: Event) -> list[str]:
    """The topics or the theme; of a consent without topics, everything."""
    if "theme" in event.fields:
        return [str(event.fields["theme"])]
    if event.name in _WITHOUT_TOPICS:
        return []
    topics = event.fields.get("topics")
    return sorted(map(str, topics)) if isinstance(topics, tuple | list | frozenset) and topics else ["everything"]


def by_whom(event: Event) -> Iterator[str]:
    """Who says it, and how it came."""
    by, how = str(event.fields.get("by", "")), str(event.fields.get("how", ""))
    if by == "reader":
        yield "by the reader"
    elif event.origin is Origin.imported:
        yield f"imported by {by}" if by else "imported"
    elif by:
        yield f"told by {by}"
    if how:
        yield how
