"""The door between files and what runs: a plan becomes live, in one transaction (language.md 8).

Files are intent, the store is fact. People inside come over as the plan said, each when they are next looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime

from nurture.decide.lineages import lineages
from nurture.engine.differences import Change
from nurture.engine.faults import RefusedError
from nurture.engine.live import Choice, LiveBook, applied_book, live_book, templates_of, tree_applied, tree_book
from nurture.engine.plan import CHANGED, GONE, NEW, SAME, Plan, nobody_may_stand
from nurture.engine.plan import plan as make_plan
from nurture.engine.switches import switch_lines
from nurture.model.book import Book, Move
from nurture.model.renaming import MAIL
from nurture.model.sequence import Status
from nurture.model.switch import Switch
from nurture.model.values import dataclass
from nurture.store.applications import Applying, Outdated
from nurture.store.open import Store

__all__ = ["Choice", "LiveBook", "applied_book", "live_book", "templates_of", "tree_applied", "tree_book"]
FEW = 5  # new mails are named one by one up to so many


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """What an `apply` did: changes in words, new version numbers, how many were moved, and who stays on old ones.

    `switches` are what was said at the command line before, and holds still. `undo` is a moment of the version before.
    """

    changes: tuple[Change, ...]
    versions: Mapping[str, int]
    staying: Mapping[str, int] = field(default_factory=dict)
    switches: tuple[Switch, ...] = ()
    moved: int = 0
    left: int = 0
    commit: str = ""

    def lines(self) -> Iterator[str]:
        """For people."""
        new_mails = [change for change in self.changes if change.how == NEW and change.what.startswith("mail ")]
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
        yield from self._people()
        if any(change.how == NEW for change in self.changes):
            yield "Nobody is taken in for what happened before now."
        yield from switch_lines(self.switches)

    def _people(self) -> Iterator[str]:
        for name, count in sorted(self.staying.items()):
            yield f"{count:,} inside {name} stay on the version they started on."
        if self.moved or self.left:
            gone = f"{self.left:,} left" if self.left else "nobody left"
            people = "1 person" if self.moved == 1 else f"{self.moved:,} people"
            yield f"{people} moved, {gone}.{f' Commit {self.commit}.' if self.commit else ''}"


def apply(store: Store, book: Book, files: Mapping[str, bytes], now: datetime, who: str) -> AppliedChange:
    """Plan checked files and make them live; RefusedError when a decision is missing."""
    return make_live(store, make_plan(store, book, files, now), files, now, who)


def make_live(
    store: Store, found: Plan, files: Mapping[str, bytes], now: datetime, who: str, commit: str = ""
) -> AppliedChange:
    """Carry a plan out, whole or not at all. RefusedError when decisions are missing or what it saw has moved."""
    refuse_missing(found)
    to_be = found.tree
    book = to_be.book
    applying = Applying(
        files=files,
        sequences={name: sequence.place.file for name, sequence in book.sequences.items()},
        live={name for name, sequence in book.sequences.items() if sequence.status is Status.live},
        now=now,
        who=who,
        commit=commit,
        same=to_be.same,
        lineages={name: lineages(sequence) for name, sequence in book.sequences.items()},
        renames=[(rename.kind, rename.old, rename.new) for rename in to_be.renames],
        moves=dict(_moves(found)),
        empty=tuple(nobody_may_stand(found)),
        after=found.application,
        everybody=wakes_everybody(found),
        applied=book.applied,
    )
    try:
        change = store.applications.apply(applying)
    except Outdated as moved:
        raise RefusedError(f"{moved}: plan again.") from moved
    return AppliedChange(
        told(found),
        {name: applied.version for name, applied in change.versions.items()},
        dict(_staying(found)),
        store.switches(),
        sum(g.count for one in found.sequences for g in one.groups if not g.stays and one.how == CHANGED),
        sum(one.gone for one in found.sequences) + sum(g.ends for one in found.sequences for g in one.groups),
        commit,
    )


def refuse_missing(found: Plan) -> None:
    """RefusedError with the decisions that nobody took yet."""
    if found.missing:
        words = "; ".join(one.words for one in found.missing)
        raise RefusedError(f"not ready. {words}")


def _moves(found: Plan) -> Iterator[tuple[str, Move]]:
    """How people come to the versions that this brings, and the last word on sequences that are given up."""
    changed = {one.name for one in found.sequences if one.how == CHANGED}
    for name, moves in found.tree.book.moves.items():
        if name in changed or name in found.choice.drop:
            yield name, moves[-1]


def _staying(found: Plan) -> Iterator[tuple[str, int]]:
    for one in found.sequences:
        for group in one.groups:
            if group.stays:
                name = f"{one.name} {group.version}"
                yield name, sum(g.count for g in one.groups if g.stays and g.version == group.version)


def told(found: Plan) -> tuple[Change, ...]:
    """The changes of a plan as one list."""
    draft = {True: ("status draft",), False: ("status live",)}
    sequences = [
        Change(one.name, one.how, one.changes or (draft[one.draft] if one.how == NEW else ()))
        for one in found.sequences
        if one.how != SAME and (one.changes or one.how in (NEW, GONE))
    ]
    return (*sequences, *found.house, *found.mails)


def wakes_everybody(found: Plan) -> bool:
    """Whether anybody at all may be concerned: another house, or another start of a sequence."""
    if found.first or found.house or any(rename.kind != MAIL for rename in found.tree.renames):
        return True
    return any(
        one.how in (NEW, GONE) or any(word.startswith(STARTS) for word in one.changes) for one in found.sequences
    )


STARTS = ("~ start", "~ status", "~ again", "~ stage")
