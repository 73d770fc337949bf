"""What a step was first called: the part of the send key that no rename changes (language.md 6.11 and 8)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from nurture.decide.same_work import same_work
from nurture.model.book import Book
from nurture.model.sequence import Sequence
from nurture.model.step import AnyStep, Branch, Node, Repeat, Split, WaitEvent, flow

NOTHING: Mapping[str, str] = {}
WAIT_BEFORE = "before_"  # how a wait without a name of its own is called after the step that follows it (4.3)


def lineage_of(sequence: Sequence, step: str) -> str:
    """The first name that a step ever had; the name itself for one that the sequence does not have."""
    node = sequence.nodes.get(step)
    return (node.step.lineage or step) if node is not None else step


def by_lineage(sequence: Sequence) -> dict[str, str]:
    """The steps as they are called now, by their first names."""
    return {node.step.lineage or id_: id_ for id_, node in sequence.nodes.items()}


def node_now(book: Book, name: str, version: int, step: str) -> Node | None:
    """A step that somebody did in a version of a sequence: as it stood there, or as the live one has it.

    The book keeps older versions only while people are inside them; by its first name a step is found without.
    """
    then = book.sequence(name, version)
    return then.nodes.get(step) if then is not None else node_today(book, name, version, step)


def node_today(book: Book, name: str, version: int, step: str) -> Node | None:
    """A step of a version of a sequence as the live one has it; None where it has it no more, or people end on theirs.

    With `on_change: finish_old` what was promised on the older version holds.
    """
    then, now = book.sequence(name, version), book.sequences.get(name)
    if now is None or (then is not None and now.on_change == "finish_old"):
        return then.nodes.get(step) if then is not None else None
    first = lineage_of(then, step) if then is not None else book.lineages.get((name, version), {}).get(step, step)
    today = by_lineage(now).get(first)
    return now.nodes[today] if today is not None else None


def former(sequence: Sequence, step: str) -> str:
    """What the author says a step was called before; a wait named after its step follows that one's rename."""
    node = sequence.nodes[step]
    if node.step.was:
        return node.step.was
    behind = sequence.nodes.get(step.removeprefix(WAIT_BEFORE)) if step.startswith(WAIT_BEFORE) else None
    return f"{WAIT_BEFORE}{behind.step.was}" if behind is not None and behind.step.was else ""


def traced(new: Sequence, old: Sequence | None, version: int, known_once: Mapping[str, str] = NOTHING) -> Sequence:
    """The sequence with what it and its steps were first called, following `old`, the version before this one.

    A step that was taken away and comes again under its name is the same one. A name that was given up for another
    and is taken by a new step gets a lineage of its own: two steps never share a key.
    """
    if old is None:
        return new
    known = {id_: lineage_of(old, id_) for id_ in old.nodes}
    given = _given(new, old, known)
    held = set(given.values())
    for id_ in new.nodes:
        if id_ not in given:
            first = known_once.get(id_, id_)
            given[id_] = first if first not in held else f"{id_} of version {version}"
            held.add(given[id_])
    return with_lineages(new, old.lineage or old.name, given)


def _given(new: Sequence, old: Sequence, known: Mapping[str, str]) -> dict[str, str]:
    """The lineages that steps keep: under their own name, by `was:`, or taking a first name back (an undo)."""
    behind = _put_behind(new, old)
    given = {today: known[was] for was, today in behind.items()}
    given |= {id_: known[id_] for id_ in new.nodes if id_ in known and id_ not in behind}
    free = {lineage for id_, lineage in known.items() if id_ not in new.nodes and id_ not in behind}
    for id_ in new.nodes:
        was = former(new, id_)
        told = known[was] if was in known and was not in new.nodes else id_
        if id_ not in given and told in free:
            given[id_] = told
            free.discard(told)
    return given


def _put_behind(new: Sequence, old: Sequence) -> dict[str, str]:
    """Waits without a name behind which steps were put: each goes by what stands behind it now, and is the same wait.

    Else whoever waits would stand behind the new steps and never come to them.
    """
    found: dict[str, str] = {}
    for was, node in old.nodes.items():
        there = new.nodes.get(was)
        if was != f"{WAIT_BEFORE}{node.next}" or (there is not None and same_work(node.step, there.step)):
            continue
        for id_, today in new.nodes.items():
            taken = id_ in found.values() or (id_ in old.nodes and same_work(old.nodes[id_].step, today.step))
            if id_ != was and not taken and same_work(node.step, today.step) and _leads_to(new, old, id_, was):
                found[was] = id_
                break
    return found


def _leads_to(new: Sequence, old: Sequence, wait: str, was: str) -> bool:
    """Whether behind a wait there are new steps alone until the one that stood behind it before."""
    at, seen = new.nodes[wait].next, {wait}
    while at is not None and at not in seen and (at not in old.nodes or at == was):
        seen.add(at)
        at = new.nodes[at].next
    return wait.startswith(WAIT_BEFORE) and at is not None and at == old.nodes[was].next


def lineages(sequence: Sequence) -> dict[str, str]:
    """What differs from the names of today, for the store: the sequence's own under the empty name."""
    found = {id_: node.step.lineage for id_, node in sequence.nodes.items() if node.step.lineage not in ("", id_)}
    return found if sequence.lineage in ("", sequence.name) else {"": sequence.lineage, **found}


def with_lineages(sequence: Sequence, own: str, given: Mapping[str, str]) -> Sequence:
    """The sequence with first names laid over it, as `lineages` told them; steps that are not in it are their own."""
    if all(given.get(id_, id_) == (node.step.lineage or id_) for id_, node in sequence.nodes.items()):
        return sequence if own == sequence.lineage else replace(sequence, lineage=own)
    steps = tuple(_laid_over(sequence.steps, given))
    return replace(sequence, lineage=own, steps=steps, nodes=flow(steps))


def _laid_over(steps: tuple[AnyStep, ...], given: Mapping[str, str]) -> Iterator[AnyStep]:
    for step in steps:
        lineage = given.get(step.id, step.id)
        changed: dict[str, Any] = {"lineage": "" if lineage == step.id else lineage}
        match step:
            case Branch():
                changed["arms"] = tuple(replace(arm, steps=tuple(_laid_over(arm.steps, given))) for arm in step.arms)
            case Split():
                changed["ways"] = tuple(replace(way, steps=tuple(_laid_over(way.steps, given))) for way in step.ways)
            case WaitEvent():
                changed["then"] = tuple(_laid_over(step.then, given))
                changed["otherwise"] = tuple(_laid_over(step.otherwise, given))
            case Repeat():
                changed["steps"] = tuple(_laid_over(step.steps, given))
        yield replace(step, **changed)
