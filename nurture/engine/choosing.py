"""What whoever applies says: when those due at once go, which sequences are given up, which version is meant."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from nurture.decide.clock import at, reader_clock
from nurture.engine.faults import MisuseError
from nurture.engine.lengths import read_length
from nurture.engine.live import Choice, plain_book
from nurture.language.names import did_you_mean
from nurture.store.open import Store

HOW = "write --due-now send, --due-now old-day, or --due-now 'spread 3 days'"


def choice_of(due_now: str, drop: Iterable[str], past_hour: str = "") -> Choice:
    """The choice in words as a value. MisuseError for words that are not understood."""
    return replace(_choice_of(due_now, drop), past_hour=past_hour)


def _choice_of(due_now: str, drop: Iterable[str]) -> Choice:
    dropped = frozenset(_dropped(one) for one in drop)
    words = due_now.strip()
    if words in ("", "send", "old-day"):
        return Choice(words, None, dropped)
    kind, _, length = words.partition(" ")
    spread = read_length(length) if kind == "spread" else None
    if spread is None or spread.amount == 0:
        raise MisuseError(f"--due-now '{due_now}' is not understood: {HOW}.")
    return Choice("spread", spread, dropped)


def _dropped(words: str) -> str:
    name, equals, how = words.partition("=")
    if not name or not equals or how != "stop":
        raise MisuseError(f"--drop '{words}' is not understood: write --drop NAME=stop.")
    return name


def files_at(store: Store, moment: datetime) -> dict[str, bytes]:
    """The files that were live at a moment; without an offset it is a wall time of the project's zone.

    MisuseError when nothing was live then.
    """
    book = plain_book(store)
    if book is not None and moment.tzinfo is None:
        moment = at(moment.date(), moment.time(), reader_clock(book.rules, {"zone": book.rules.zone}))
    found = store.applications.at(moment) if book is not None else None
    if found is None:
        raise MisuseError(f"nothing was live at {moment:%Y-%m-%d %H:%M}.")
    return store.applications.files_of(found[0])


def refuse_not_gone(choice: Choice, gone: Mapping[str, object]) -> None:
    """MisuseError for a --drop of a sequence whose file is there, or that never was."""
    for name in sorted(choice.drop - gone.keys()):
        words = f"--drop {name}: no live sequence of that name has lost its file. {did_you_mean(name, gone)}"
        raise MisuseError(words.rstrip())
