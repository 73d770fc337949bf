"""The door between files and what runs: the applied book, and making a new one (language.md 8).

Files are intent, the store is fact. People inside stay on the version they started on.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from weakref import WeakKeyDictionary

from nurture.decide.switches import switched
from nurture.engine.differences import Change, book_changes, file_changes
from nurture.engine.faults import FaultError, RefusedError, StateError
from nurture.engine.switches import switch_lines
from nurture.language.project import read_project
from nurture.model.book import Applied, Book
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Send
from nurture.model.switch import Switch
from nurture.store.files import Files
from nurture.store.open import Store

HOUSE = "sequences/house/"
FEW = 5  # new mails are named one by one up to so many
Older = dict[tuple[str, int], Sequence]


@dataclass(frozen=True, slots=True)
class LiveBook:
    """What the daemon runs: the applied book, and the templates as they were applied."""

    book: Book
    templates: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """What an `apply` did: changes in words, new version numbers, and who is inside older versions.

    `switches` are what was said at the command line before, and holds still.
    """

    changes: tuple[Change, ...]
    versions: Mapping[str, int]
    staying: Mapping[str, int] = field(default_factory=dict)
    switches: tuple[Switch, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people."""
        new_mails = [change for change in self.changes if change.how == "new" and change.what.startswith("mail ")]
        for change in self.changes:
            if change in new_mails and len(new_mails) > FEW:
                continue
            version = f"  version {self.versions[change.what]}" if change.what in self.versions else ""
            yield f"{change.what:<28} {change.how}{version}"
            for detail in change.details:
                yield f"  {detail}"
        if len(new_mails) > FEW:
            yield f"{len(new_mails)} mails are new."
        if not self.changes:
            yield "Nothing changed: these files are live already."
        for name, count in sorted(self.staying.items()):
            yield f"{count:,} inside {name} stay on the version they started on."
        if any(change.how == "new" for change in self.changes):
            yield "Nobody is taken in for what happened before now."
        yield from switch_lines(self.switches)


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
    if not files.files:
        return None
    reading = read_project(files.files)
    if reading.book is None:
        raise StateError("the applied files cannot be read by this version. Run `nurture check`, then `nurture apply`.")
    older = older_sequences(files, store)
    return LiveBook(replace(reading.book, applied=files.applied, older=older), templates_of(files.files))


def tree_book(store: Store, book: Book, files: Mapping[str, bytes], now: datetime) -> Book:
    """The working tree as if applied now, under the switches, which an apply leaves alone: what `simulate` asks.

    The versions are those that apply would give.
    """
    return switched(tree_applied(store, book, files, now), store.switches())


def tree_applied(store: Store, book: Book, files: Mapping[str, bytes], now: datetime) -> Book:
    """The working tree with the versions that apply would give."""
    known = store.load_files()
    if not known.files:
        return replace(book, applied={name: Applied(1, now) for name in live_names(book)})
    applied: dict[str, Applied] = {}
    older = older_sequences(known, store)
    live = live_book(store)
    for name, sequence in book.sequences.items():
        last = known.applied.get(name)
        same = last is not None and known.files.get(sequence.place.file) == files.get(sequence.place.file)
        if last is None:
            applied[name] = Applied(1, now)
        elif same:
            applied[name] = last
        else:
            applied[name] = Applied(last.version + 1, last.live_since)
            if live is not None and name in live.book.sequences:
                older[(name, last.version)] = live.book.sequences[name]
    return replace(book, applied=applied, older=older)


def apply(store: Store, book: Book, files: Mapping[str, bytes], now: datetime, who: str) -> AppliedChange:
    """Store checked files as the live ones; RefusedError when people inside would lose their place."""
    before = applied_book(store)
    inside = {key: count for key, count in store.counts().inside.items() if count}
    refuse_lost(book, inside)
    old = store.load_files()
    refuse_unfit(book, files, old, inside)
    old_files = old.files
    changes = (*book_changes(before.book if before else None, book), *file_changes(old_files, files))
    paths = {name: sequence.place.file for name, sequence in book.sequences.items()}
    change = store.save_files(files, paths, live_names(book), now, who)
    if before is None:
        store.move_watermark(now)
    if changes:
        store.wake_everybody(now)
    staying = {
        f"{name} {version}": count
        for (name, version), count in inside.items()
        if name in change.versions and version < change.versions[name].version
    }
    versions = {name: applied.version for name, applied in change.versions.items()}
    return AppliedChange(changes, versions, staying, store.switches())


def refuse_lost(book: Book, inside: Mapping[tuple[str, int], int]) -> None:
    """A sequence file that is gone while people are in it: they must be let out first (language.md 8)."""
    lost = sorted({name for name, _ in inside if name not in book.sequences})
    if lost:
        raise RefusedError(
            f"people are inside {', '.join(lost)}, whose file is gone. Put it back with  status: closed  "
            "and take it away when they have finished."
        )


def refuse_unfit(book: Book, files: Mapping[str, bytes], old: Files, inside: Collection[tuple[str, int]]) -> None:
    """RefusedError when those inside could not go on as they began, under the new house and with the new mails."""
    for name, version in sorted(inside):
        sequence = fitting(files, name, version, *text_of(old, name, version), RefusedError)
        gone = sorted(mails_of(sequence) - book.mails.keys())
        if gone:
            raise RefusedError(
                f"people are inside {name} version {version}, which still sends them the mail {', '.join(gone)}: "
                "put its templates back until they have finished."
            )


def text_of(old: Files, name: str, version: int) -> tuple[str, bytes]:
    """The file of a version that was applied: its path and bytes."""
    if (name, version) in old.older:
        return old.older[(name, version)]
    path = next(path for path in old.files if is_of(path, name))
    return path, old.files[path]


def is_of(path: str, name: str) -> bool:
    """Whether a file is that of a sequence, which is called as it is."""
    return PurePosixPath(path).stem == name and path.startswith("sequences/") and HOUSE not in path


def mails_of(sequence: Sequence) -> set[str]:
    """The mails that a sequence can send."""
    return {node.step.mail for node in sequence.nodes.values() if isinstance(node.step, Send)}


def live_names(book: Book) -> set[str]:
    """The sequences that start people."""
    return {name for name, sequence in book.sequences.items() if sequence.status is Status.live}


def older_sequences(files: Files, store: Store) -> Older:
    """The older versions that somebody still stands on, each read beside today's house."""
    return {key: old_sequence(files, *key) for key in sorted(store.figures.inhabited(files.older.keys()))}


def old_sequence(files: Files, name: str, version: int) -> Sequence:
    """One older version; StateError when the house no longer knows what it speaks of."""
    path, data = files.older[(name, version)]
    return fitting(files.files, name, version, path, data, StateError)


def fitting(
    files: Mapping[str, bytes], name: str, version: int, path: str, data: bytes, fault: type[FaultError]
) -> Sequence:
    """A version of a sequence as it reads beside these files; `fault` when it cannot."""
    others = {key: value for key, value in files.items() if not is_of(key, name)}
    reading = read_project({**others, path: data})
    if reading.book is None:
        said = "; ".join(problem.message for problem in reading.problems[:3])
        raise fault(f"people are inside {name} version {version}, which no longer fits the house: {said}")
    return reading.book.sequences[name]


def templates_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files below templates/."""
    return {path: data for path, data in files.items() if path.startswith("templates/")}
