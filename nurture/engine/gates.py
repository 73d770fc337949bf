"""What may be handed over at all: halts, pauses, the brake, and whether it is known who must not have mail."""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

from nurture import observe
from nurture.decide.switches import hold_on
from nurture.engine.handed import FOLDER
from nurture.engine.live import LiveBook
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.mail import Handover
from nurture.model.switch import Switch, Word
from nurture.store.installation import SUPPRESSIONS
from nurture.store.outbox import BRAKE, Gate
from nurture.store.switches import ITSELF
from nurture.store.up_to import number_words

UNDECLARED = (
    "only service goes: nobody has said yet who must not have mail. `nurture import suppressions FILE`, "
    "or `nurture import suppressions --none` if there is nobody"
)


def gate_of(
    shop: Workshop, live: LiveBook, now: datetime, only_service: bool, without: frozenset[str] = frozenset()
) -> Gate | None:
    """What may be claimed; None while all sending is halted. `without` are keys of single mails that wait."""
    halt = halt_of(shop)
    if halt is not None and not halt.keep_service:
        return None
    only_service = only_service or halt is not None or undeclared(shop)
    return Gate(only_service, live.book.rules.brake, paused(live.book, now), without)


def paused(book: Book, now: datetime) -> frozenset[str]:
    """The sequences whose mails wait at an instant (UTC), since a person said so."""
    return frozenset(name for name, sequence in book.sequences.items() if hold_on(sequence, now))


def halt_of(shop: Workshop) -> Switch | None:
    """The halt that holds, if any."""
    return next((one for one in shop.store.switches() if one.word is Word.halt), None)


def refused_us(shop: Workshop) -> bool:
    """Whether the halt that holds is our own: the provider refuses us, and nobody has looked yet."""
    halt = halt_of(shop)
    return halt is not None and halt.who == ITSELF


def undeclared(shop: Workshop) -> bool:
    """Whether nobody has said yet who must not have mail, though it would go out into the world."""
    return shop.provider.name != FOLDER and shop.store.declared(SUPPRESSIONS) is None


def halt_ourselves(shop: Workshop, refused: Handover, now: datetime) -> None:
    """The provider refuses us, not this mail: nothing goes until a person has looked. Said once."""
    if refused_us(shop):
        return
    provider = shop.provider.name
    because = f"{provider} refuses us: {refused.detail}"
    shop.store.set_switch(Switch(Word.halt, now, ITSELF, because=because), now)
    observe.note(observe.HALT_SET, level=logging.ERROR, provider=provider)


def held_words(held: Mapping[str, int], how: str = "held ") -> str:
    """`180 held by the brake, 12 held by at_most of harvest_2027`: so many by each cause."""
    by = ((number, f"the {cause}" if cause == BRAKE else cause) for cause, number in held.items())
    return ", ".join(f"{number_words(number)} {how}by {cause}" for number, cause in by)


def why_waiting(shop: Workshop) -> Iterator[str]:
    """Why mails wait that nothing is wrong with, each with its remedy."""
    if (halt := halt_of(shop)) is not None:
        but = ", but for service" if halt.keep_service else ""
        yield f"nothing goes{but}: {halt.words.rstrip('.')}. `nurture unhalt` lets it go on"
    if undeclared(shop):
        yield UNDECLARED
    held = shop.store.figures.held_up_to()
    if held:
        yield f"{held_words(held)}: `nurture outbox --held` shows them, `nurture release` lets them go"
