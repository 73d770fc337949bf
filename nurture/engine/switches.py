"""halt, pause, stop and their taking back: what a person says at the command line (language.md 6.5)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches

from nurture.decide.limits import SERVICE
from nurture.decide.switches import hold_on
from nurture.engine.faults import MisuseError
from nurture.engine.tick import Tell, decide_page, silent, uncollected
from nurture.model.book import Book
from nurture.model.mail import Fate
from nurture.model.person import Person
from nurture.model.switch import Switch, Word
from nurture.model.values import dataclass
from nurture.store.open import Store


@dataclass(frozen=True, slots=True)
class Said:
    """What was set or lifted: the switches, those of them that held before, and how many a stop let out."""

    switches: tuple[Switch, ...]
    before: tuple[Switch, ...] = ()
    ended: int = 0


def switch_lines(switches: Iterable[Switch]) -> Iterator[str]:
    """What was said at the command line and holds, a line each, with the command that takes it back."""
    return (switch.line for switch in switches)


def waiting_lines(store: Store, book: Book, person: Person, fates: Mapping[str, Fate], now: datetime) -> Iterator[str]:
    """Who keeps this person's mails in the queue, and why: a halt, or a pause of the sequence."""
    halt = next((one for one in store.switches() if one.word is Word.halt), None)
    for message in person.messages:
        if fates.get(message.key) is not Fate.planned:
            continue
        halted = halt is not None and not (halt.keep_service and message.class_ == SERVICE)
        words = halt.words if halt is not None and halted else hold_on(book.sequences.get(message.sequence), now)
        if words:
            yield f"{message.mail} waits: {words}"


def halt(store: Store, switch: Switch, now: datetime) -> Said:
    """Nothing more is handed over; said again it takes the newest words and keeps since when it holds."""
    before = store.switches()
    return Said((store.set_switch(switch, now),), tuple(one for one in before if one.word is Word.halt))


def unhalt(store: Store, now: datetime) -> Said:
    """Sending goes on, whoever halted it; what waited goes with the next round."""
    lifted = store.lift_switch(Word.halt, "", now)
    return Said(() if lifted is None else (lifted,))


def pause(store: Store, book: Book, names: Collection[str], who: str, because: str, now: datetime) -> Said:
    """These sequences send nothing until they are resumed. MisuseError for a name that no live sequence has."""
    refuse_unknown(names, book.sequences)
    before = tuple(one for one in store.switches() if one.word is Word.pause and one.sequence in names)
    return Said(
        tuple(store.set_switch(Switch(Word.pause, now, who, name, because), now) for name in dict.fromkeys(names)),
        before,
    )


def resume(store: Store, book: Book, names: Collection[str], now: datetime) -> Said:
    """Take back a pause or a stop: these sequences start people and send again; those who were let out stay out.

    MisuseError for a name that neither the book nor a switch knows.
    """
    refuse_unknown(names, {*book.sequences, *(one.sequence for one in store.switches() if one.sequence)})
    lifted = [store.lift_switch(word, name, now) for name in dict.fromkeys(names) for word in (Word.pause, Word.stop)]
    return Said(tuple(one for one in lifted if one is not None))


def inside(store: Store, book: Book, name: str) -> int:
    """How many a stop of this sequence would let out. MisuseError when no live sequence is called so."""
    refuse_unknown([name], book.sequences)
    return store.inside(name)


def stop(store: Store, switch: Switch, now: datetime) -> Said:
    """Nobody starts any more, from this moment on, and no mail of it goes; `let_out` then ends those inside."""
    before = tuple(one for one in store.switches() if one.word is Word.stop and one.sequence == switch.sequence)
    return Said((store.set_switch(switch, now),), before)


def let_out(store: Store, book: Book, name: str, now: datetime, tell: Tell = silent) -> int:
    """End all inside a stopped sequence now, page by page; how many people were looked at.

    `book` is the live one, under the stop. What a cut leaves over ends with the next tick, which finds the same
    people in the agenda.
    """
    done = 0
    for page in store.inside_of(name):
        with uncollected():
            decide_page(store, book, page, now)
        done += len(page)
        tell(done)
    return done


def refuse_unknown(names: Collection[str], known: Collection[str], what: str = "sequence") -> None:
    """MisuseError for the first name that is not known, with the nearest one."""
    for name in names:
        if name not in known:
            near = get_close_matches(name, sorted(known), n=1)
            cure = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(sorted(known))}."
            raise MisuseError(f"no live {what} is called '{name}'; {cure}")
