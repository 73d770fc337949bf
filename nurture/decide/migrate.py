"""Bringing one enrolment from an older version of its sequence to the live one (language.md 8).

Structure is moved here, by first names and what the author decided; when they are due then is `retime`'s.
The subject, the ordinal and every first name stay, so no send key changes.
"""

from collections.abc import Mapping
from dataclasses import replace

from nurture.decide.by_identity import by_identity
from nurture.decide.lineages import WAIT_BEFORE, by_lineage, lineage_of
from nurture.model.book import Book
from nurture.model.person import Enrolment
from nurture.model.sequence import Removal, Sequence
from nurture.model.values import dataclass

STAYS, FOLLOWS, NEXT, GO_TO, STOP, UNDECIDED = "stays", "follows", "next", "go_to", "stop", "undecided"


@dataclass(frozen=True, slots=True)
class Landing:
    """Where whoever stood on a step comes to: how, and the step of the newer version (None: at its end).

    `undecided` is what `plan` refuses: the step is gone and nobody said where they go.
    """

    how: str
    step: str | None = None

    @property
    def moved_on(self) -> bool:
        """Whether they leave the step they stood on."""
        return self.how in (NEXT, GO_TO, UNDECIDED)


@dataclass(frozen=True, slots=True)
class Moved:
    """An enrolment on the live version, where it landed, and the version and step that it comes from."""

    enrolment: Enrolment
    landing: Landing
    old: Sequence
    old_version: int
    stood_on: str

    @property
    def words(self) -> str:
        """`moved from version 4 to 5: stands at how_is_the_bag`."""
        return f"moved from version {self.old_version} to {self.enrolment.version}: {self._stands}"

    @property
    def _stands(self) -> str:
        if self.landing.how == STOP:
            return f"{self.stood_on} was taken away, and they leave"
        return f"stands at {self.landing.step}" if self.landing.step else "nothing is left to come"


def landing(old: Sequence, new: Sequence, step: str) -> Landing:
    """Where people on a step of an older version stand in the newer one; a question about the versions alone."""
    today = by_lineage(new).get(lineage_of(old, step))
    if today is not None:
        return Landing(STAYS if today == step else FOLLOWS, today)
    removal = _removal(old, new, step)
    if removal is None:
        return Landing(UNDECIDED, _following(old, new, step))
    if removal.go_to in new.nodes:
        return Landing(GO_TO, removal.go_to)
    if removal.people_there == STOP:
        return Landing(STOP)
    return Landing(NEXT, _following(old, new, step))


def _removal(old: Sequence, new: Sequence, step: str) -> Removal | None:
    """What the author decided for a step: under its name or its first one; for a wait named after a step, of that."""
    wanted = [step, lineage_of(old, step)]
    if step.startswith(WAIT_BEFORE):
        wanted.append(step.removeprefix(WAIT_BEFORE))
    said = {removal.step: removal for removal in reversed(new.removed)}
    return next((said[name] for name in wanted if name in said), None)


def _following(old: Sequence, new: Sequence, step: str) -> str | None:
    """The next step behind one that is gone which the newer version still has; None: none is left."""
    there, seen = by_lineage(new), {step}
    node = old.nodes.get(step)
    behind = node.next if node is not None else new.first
    while behind is not None and behind not in seen:
        found = there.get(lineage_of(old, behind))
        if found is not None:
            return found
        seen.add(behind)
        behind = old.nodes[behind].next
    return None


def moves_people(sequence: Sequence) -> bool:
    """Whether people inside come to this version; with `finish_old` they end on the one they are on."""
    return sequence.on_change != "finish_old"


def given_up(book: Book, enrolment: Enrolment) -> bool:
    """Whether an apply took the sequence away since and let those inside go; it stands when the file comes back."""
    moves = book.moves.get(enrolment.sequence, ())
    return any(move.due_now == STOP and enrolment.version < move.version for move in moves)


def brought_over(book: Book, enrolment: Enrolment) -> Moved | None:
    """A running enrolment of an older version on the live one; None where it is on it, stays, or nothing is known."""
    version = book.version(enrolment.sequence)
    if enrolment.version == version:
        return None
    new, old = book.sequences.get(enrolment.sequence), book.older.get((enrolment.sequence, enrolment.version))
    if new is None or old is None or not moves_people(new):
        return None
    return moved(old, new, enrolment, version)


def moved(old: Sequence, new: Sequence, enrolment: Enrolment, version: int) -> Moved:
    """The enrolment under the names of the newer version, on the step where it lands; times are as they were."""
    landed = Landing(STAYS) if enrolment.step is None else _landed(old, new, enrolment.step)
    names = _new_names(old, new)
    of = names.keys()  # mostly nothing is called otherwise
    there = replace(
        enrolment,
        version=version,
        step=landed.step,
        outcomes=tuple(replace(one, step=names[one.step]) if one.step in of else one for one in enrolment.outcomes),
        rounds=tuple(replace(one, repeat=names[one.repeat]) if one.repeat in of else one for one in enrolment.rounds),
        gifts=tuple(replace(one, step=names[one.step]) if one.step in of else one for one in enrolment.gifts),
    )
    return Moved(there, landed, old, enrolment.version, enrolment.step or "")


def _landed(old: Sequence, new: Sequence, step: str) -> Landing:
    known = _landings(old, new).get(step)
    return landing(old, new, step) if known is None else known


@by_identity
def _landings(old: Sequence, new: Sequence) -> Mapping[str, Landing]:
    """Where whoever stood on each step comes to."""
    return {step: landing(old, new, step) for step in old.nodes}


@by_identity
def _new_names(old: Sequence, new: Sequence) -> Mapping[str, str]:
    """From every name that a step had to the one it has, where that is another; those of steps that are gone stay."""
    there = by_lineage(new)
    today = {id_: there.get(lineage_of(old, id_), id_) for id_ in old.nodes}
    return {was: name for was, name in today.items() if was != name}
