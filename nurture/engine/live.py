"""The book that runs: the applied files as a value, with what the store keeps of their history (language.md 8).

Files are intent, the store is fact; the working tree is read here only as if it were applied now.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from pathlib import PurePosixPath
from weakref import WeakKeyDictionary

from nurture.decide.lineages import lineages, traced, with_lineages
from nurture.decide.migrate import moves_people
from nurture.decide.switches import switched
from nurture.engine.faults import FaultError, RefusedError, StateError
from nurture.engine.meaning import same_meaning
from nurture.engine.renames import Rename, mail_renames, names_before, renames
from nurture.language.project import read_project
from nurture.model.book import Applied, Book, Move
from nurture.model.length import Length
from nurture.model.plain import plain
from nurture.model.renaming import SEQUENCE, flattened
from nurture.model.sequence import Sequence, Status
from nurture.model.switch import Switch
from nurture.model.trigger import OnceTrigger
from nurture.model.values import dataclass
from nurture.store.basis import Basis
from nurture.store.files import Files
from nurture.store.open import Store
from nurture.store.retelling import Journal

HOUSE = "sequences/house/"
NO_LINEAGES: Mapping[str, str] = {}
Older = dict[tuple[str, int], Sequence]


@dataclass(frozen=True, slots=True)
class LiveBook:
    """What the daemon runs: the applied book, and the templates as they were applied."""

    book: Book
    templates: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Choice:
    """What whoever applies chose: when those go who are due at once by it, and which sequences are given up.

    `due_now` is send, old-day, spread (over `spread`), or empty while nothing was said. `past_hour` says whether a
    new broadcast goes also to those whose hour has passed: send, skip, or empty while nothing was said.
    """

    due_now: str = ""
    spread: Length | None = None
    drop: frozenset[str] = frozenset()
    past_hour: str = ""

    @property
    def past_too(self) -> bool:
        """Whether a broadcast goes also to those whose hour has passed."""
        return self.past_hour == "send"


NOTHING_CHOSEN = Choice()


@dataclass(frozen=True, slots=True)
class Remembered:
    """The book of one application, and the same under the switches that held when it was last asked for."""

    application: object
    plain: LiveBook
    switches: tuple[Switch, ...]
    live: LiveBook


_REMEMBERED: WeakKeyDictionary[Store, Remembered] = WeakKeyDictionary()
"""Of each open store: a book is equal only to itself, and what is worked out from one is kept beside it."""


def live_book(store: Store) -> LiveBook | None:
    """The applied book as the store has it, under what was paused and stopped; None before the first apply.

    Asked again it is the very same value until another book was applied or a switch was set or lifted; to find
    that out costs two short questions. StateError when files applied by an older nurture no longer read.
    """
    application, switches = store.edition()[0], store.switches()
    known = _REMEMBERED.get(store)
    if known is None or known.application != application:
        plain = applied_book(store)
        if plain is None:
            return None
        known = Remembered(application, plain, (), plain)
    if known.switches != switches:
        under = LiveBook(switched(known.plain.book, switches), known.plain.templates)
        known = Remembered(application, known.plain, switches, under)
    _REMEMBERED[store] = known
    return known.live


def applied_book(store: Store) -> LiveBook | None:
    """The applied book as the files say it, whatever was said at the command line since; None before the first apply.

    StateError when files applied by an older nurture no longer read.
    """
    files = store.load_files()
    return _book_of(store, files) if files.files else None


def book_of_basis(store: Store, basis: Basis) -> Book | None:
    """The book of earlier decisions as it was, under the switches that held; None where it was not kept.

    StateError when this nurture no longer reads its files.
    """
    files = Journal(store.database).files_then(basis.application)
    return None if files is None else switched(_book_of(store, files).book, basis.switches)


def _book_of(store: Store, files: Files) -> LiveBook:
    """Files that were applied, as a book."""
    reading = read_project(files.files)
    if reading.book is None:
        raise StateError("the applied files cannot be read by this version. Run `nurture check`, then `nurture apply`.")
    sequences = {name: named(one, files, files.applied[name].version) for name, one in reading.book.sequences.items()}
    book = replace(
        reading.book,
        sequences=sequences,
        applied=files.applied,
        older=older_sequences(files, store, sequences),
        moves=files.moves,
        renamed=files.renamed,
        lineages=files.lineages,
        application=files.application,
    )
    return LiveBook(book, templates_of(files.files))


def named(sequence: Sequence, files: Files, version: int, name: str = "") -> Sequence:
    """A sequence with the first names that the store keeps of a version, under the name it has today."""
    today = name or sequence.name
    known = files.lineages.get((today, version), NO_LINEAGES)
    return with_lineages(replace(sequence, name=today), known.get("", today), known)


def older_sequences(files: Files, store: Store, live: Mapping[str, Sequence]) -> Older:
    """The older versions that somebody still stands on.

    One whose people come over is read beside the house of its own day: only its shape counts. One whose people
    finish on it is read beside today's house, which holds for everybody.
    """
    found: Older = {}
    for key in sorted(files.older):
        today = live.get(key[0])
        if today is None:
            continue  # it was given up: whoever is inside leaves
        if moves_people(today):
            found[key] = as_it_was(files, store, key)
        else:
            older = files.older[key]
            found[key] = named(fitting(files.files, key, older.path, older.data, StateError), files, key[1], key[0])
    return found


def as_it_was(files: Files, store: Store, key: tuple[str, int]) -> Sequence:
    """An older version as it read on the day it was applied; StateError when this nurture no longer reads it."""
    older = files.older[key]
    then = store.applications.files_of(older.application)
    others = {path: data for path, data in then.items() if HOUSE in path or not path.startswith("sequences/")}
    reading = read_project({**others, older.path: older.data})
    found = reading.partial.sequences.get(PurePosixPath(older.path).stem)
    if found is None:
        raise StateError(f"people are inside {key[0]} version {key[1]}, which this version of nurture cannot read.")
    return named(found, files, key[1], key[0])


def fitting(
    files: Mapping[str, bytes], key: tuple[str, int], path: str, data: bytes, fault: type[FaultError]
) -> Sequence:
    """A version of a sequence as it reads beside these files; `fault` when it cannot."""
    name = PurePosixPath(path).stem
    others = {each: value for each, value in files.items() if not is_of(each, name) and not is_of(each, key[0])}
    reading = read_project({**others, path: data})
    if reading.book is None:
        said = "; ".join(problem.message for problem in reading.problems[:3])
        raise fault(
            f"people are inside {key[0]} version {key[1]}, which no longer fits the house: {said}. Put that back until "
            "they have finished, or let them move: take out `on_change: finish_old`."
        )
    return reading.book.sequences[name]


def is_of(path: str, name: str) -> bool:
    """Whether a file is that of a sequence, which is called as it is."""
    return PurePosixPath(path).stem == name and path.startswith("sequences/") and HOUSE not in path


def templates_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files below templates/."""
    return {path: data for path, data in files.items() if path.startswith("templates/")}


@dataclass(frozen=True, slots=True)
class Tree:
    """The working tree as if it were applied now: its book, what is called otherwise, and what got no new version."""

    book: Book
    renames: tuple[Rename, ...] = ()
    same: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    known: Files = field(default_factory=Files)


def tree_book(store: Store, book: Book, files: Mapping[str, bytes], now: datetime) -> Book:
    """The working tree as if applied now, under the switches, which an apply leaves alone: what `simulate` asks.

    The versions are those that apply would give.
    """
    return switched(tree_applied(store, book, files, now), store.switches())


def tree_applied(store: Store, book: Book, files: Mapping[str, bytes], now: datetime) -> Book:
    """The working tree with the versions that apply would give."""
    return tree(store, plain_book(store), book, files, now).book


def plain_book(store: Store) -> Book | None:
    """The live book as the files say it, without what was said at the command line; None before the first apply."""
    return None if live_book(store) is None else _REMEMBERED[store].plain.book


def _applied(
    number: int, last: Applied | None, old: Sequence | None, sequence: Sequence, now: datetime, choice: Choice
) -> Applied:
    """Since when a new version is live and may start people; `last` is None where it goes live by it.

    What had fired by another `start`, before it was live, reaches nobody back (6.4).
    """
    broadcast = any(isinstance(trigger, OnceTrigger) for trigger in sequence.start)
    if last is None or old is None:
        return Applied(number, now, past_too=broadcast and choice.past_too)
    if plain(old.start) == plain(sequence.start):
        return Applied(number, last.live_since, last.starts_since, last.past_too)
    return Applied(number, last.live_since, now, broadcast and choice.past_too)


def tree(
    store: Store,
    before: Book | None,
    book: Book,
    files: Mapping[str, bytes],
    now: datetime,
    choice: Choice = NOTHING_CHOSEN,
) -> Tree:
    """The working tree after an apply at `now`; `before` is the live book without its switches.

    RefusedError where those who are to finish on an older version could not go on as they began.
    """
    if before is None:
        first = {name: _applied(1, None, None, one, now, choice) for name, one in book.sequences.items()}
        return Tree(replace(book, applied=first))
    known = store.load_files()
    renamed = tuple(renames(before, book))
    former = {rename.new: rename.old for rename in renamed if rename.kind == SEQUENCE}
    applied: dict[str, Applied] = {}
    sequences: dict[str, Sequence] = {}
    same: set[str] = set()
    for name, sequence in book.sequences.items():
        was = former.get(name, name)
        last, old = known.applied.get(was), before.sequences.get(was)
        number = known.numbers.get(was, 0) + 1
        sequences[name] = traced(sequence, old, number, _known_once(before, was))
        if last is not None and old is not None and was == name and same_meaning(old, sequences[name]):
            same.add(name)
            applied[name] = last
        else:
            stays_live = last is not None and old is not None and goes_live(old, sequence) is False
            applied[name] = _applied(number, last if stays_live else None, old, sequence, now, choice)
    renamed += tuple(mail_renames(before, sequences, book.mails, former))
    dropped = frozenset(name for name in before.sequences.keys() - set(former.values()) if name not in book.sequences)
    names: Mapping[str, Mapping[str, str]] = before.renamed
    for rename in renamed:
        names = flattened(names, rename.kind, rename.old, rename.new)
    whole = replace(
        book,
        sequences=sequences,
        applied=applied,
        moves=_moves(before, known, applied, dropped & choice.drop, former, now, choice),
        renamed=names,
        lineages=dict(_lineages(before, sequences, applied, former)),
        older=dict(_older(store, before, known, files, sequences, applied, former)),
    )
    return Tree(whole, renamed, frozenset(same), dropped, known)


def _known_once(before: Book, name: str) -> dict[str, str]:
    """The first names of all steps that a sequence ever had, where they differ: a later version's word counts."""
    versions = sorted(version for one, version in before.lineages if one == name)
    return {step: first for version in versions for step, first in before.lineages[name, version].items() if step}


def _lineages(
    before: Book, sequences: Mapping[str, Sequence], applied: Mapping[str, Applied], former: Mapping[str, str]
) -> Iterator[tuple[tuple[str, int], Mapping[str, str]]]:
    """First names of steps by version, those of renamed sequences under the name of today, and those to be."""
    today = {old: new for new, old in former.items()}
    yield from (((today.get(name, name), version), known) for (name, version), known in before.lineages.items())
    yield from (((name, applied[name].version), lineages(one)) for name, one in sequences.items())


def goes_live(old: Sequence, new: Sequence) -> bool:
    """Whether a sequence that was not live is so now: then only what happens from now on counts."""
    return new.status is Status.live and old.status is not Status.live


def _moves(
    before: Book,
    known: Files,
    applied: Mapping[str, Applied],
    given_up: frozenset[str],
    former: Mapping[str, str],
    now: datetime,
    choice: Choice,
) -> dict[str, tuple[Move, ...]]:
    """How people came to each version, with this apply's own for what it changes or gives up."""
    found = {name: before.moves.get(former.get(name, name), ()) for name in applied}
    for name, one in applied.items():
        last = before.applied.get(former.get(name, name))
        if found[name] and found[name][-1].version == one.version and found[name][-1].due_now == "stop":
            continue  # put back: whoever was let go then goes, also if nobody has looked at them since
        if last is None or last.version != one.version:
            found[name] = (*found[name], Move(one.version, now, choice.due_now or "send", choice.spread))
    for name in given_up:
        found[name] = (*before.moves.get(name, ()), Move(known.numbers.get(name, 0) + 1, now, "stop"))
    return {name: moves for name, moves in found.items() if moves}


def _older(
    store: Store,
    before: Book,
    known: Files,
    files: Mapping[str, bytes],
    sequences: Mapping[str, Sequence],
    applied: Mapping[str, Applied],
    former: Mapping[str, str],
) -> Iterator[tuple[tuple[str, int], Sequence]]:
    """The versions that people are or may be on: those of before, and the one that was live until now."""
    for name, sequence in sequences.items():
        was = former.get(name, name)
        last = before.applied.get(was)
        versions = [key[1] for key in before.older if key[0] == was]
        if last is not None and last.version != applied[name].version:
            versions.append(last.version)
        for version in versions:
            old = before.sequences[was] if last is not None and version == last.version else before.older[was, version]
            if not moves_people(sequence) and _lived(store, was, version):
                old = _refitted(known, files, old, (was, version), name)
            yield (name, version), old


def _lived(store: Store, name: str, version: int) -> bool:
    return bool(store.figures.inhabited([(name, version)]))


def _refitted(known: Files, files: Mapping[str, bytes], old: Sequence, key: tuple[str, int], name: str) -> Sequence:
    """A version that people finish on, as it reads beside the house that is to hold."""
    older = known.older.get(key)
    path = older.path if older is not None else old.place.file
    data = older.data if older is not None else known.files[path]
    fits = fitting(
        {each: value for each, value in files.items() if not is_of(each, name)}, key, path, data, RefusedError
    )
    return with_lineages(replace(fits, name=name), old.lineage or old.name, names_before(old))
