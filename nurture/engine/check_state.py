"""What only the store can say of the files: which words of past edits nobody needs any more (`check --state`, I340)."""

from collections.abc import Iterator
from dataclasses import replace

from nurture.engine.check import Checked
from nurture.engine.live import plain_book
from nurture.model.book import Book
from nurture.model.place import Place, Problem
from nurture.model.sequence import Sequence
from nurture.store.open import Store

CODE = "I340"
HOUSE_FILE = "sequences/house/topics.yaml"
NOT_NEEDED = "is no longer needed: nobody is inside an older version"
CURE = "delete it; plan would ask again if it were needed"


def with_state(checked: Checked, store: Store) -> Checked:
    """The findings with those that only live data can give; none before the first apply, or for files with errors."""
    live = plain_book(store)
    if checked.book is None or live is None:
        return checked
    found = tuple(no_longer_needed(checked.book, live, store))
    return replace(checked, problems=(*checked.problems, *found))


def no_longer_needed(book: Book, live: Book, store: Store) -> Iterator[Problem]:
    """Each `was:` and `removed:` that an apply has followed, while nobody is inside an older version."""
    older = {name for name, version in store.figures.inhabited_versions() if version != live.version(name)}
    for name, sequence in sorted(book.sequences.items()):
        applied = live.sequences.get(name)
        if applied is not None and name not in older:
            yield from _of_sequence(sequence, applied)
    for kind, topics, known in (("topic", book.topics, live.topics), ("theme", book.themes, live.themes)):
        for name, one in topics.items():
            if one.was and name in known and one.was in live.renamed.get(kind, {}):
                words = f"was: {one.was} of the {kind} {name} is no longer needed: what was refused follows for ever"
                yield Problem(CODE, Place(HOUSE_FILE), words, CURE)


def _of_sequence(sequence: Sequence, applied: Sequence) -> Iterator[Problem]:
    if sequence.was and sequence.was == applied.was:
        yield Problem(CODE, sequence.place, f"was: {sequence.was} {NOT_NEEDED}", CURE)
    for id_, node in sequence.nodes.items():
        known = applied.nodes.get(id_)
        if node.step.was and known is not None and known.step.was == node.step.was:
            yield Problem(CODE, node.step.place, f"was: {node.step.was} {NOT_NEEDED}", CURE)
    said = {removal.step for removal in applied.removed}
    for removal in sequence.removed:
        if removal.step in said:
            yield Problem(CODE, removal.place or sequence.place, f"removed: {removal.step} {NOT_NEEDED}", CURE)
