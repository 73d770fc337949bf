"""What is called otherwise than before: by `was:`, or by taking a first name back (language.md 8)."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from nurture.decide.lineages import lineage_of
from nurture.model.book import Book
from nurture.model.renaming import MAIL, SEQUENCE, TAG, THEME, TOPIC
from nurture.model.sequence import Sequence
from nurture.model.step import Send


class Rename(NamedTuple):
    """One name that is given up for another."""

    kind: str
    old: str
    new: str


def renames(before: Book, after: Book) -> Iterator[Rename]:
    """The sequences, topics, themes and tags that have another name than in the live book."""
    was = {name: one.was for name, one in after.sequences.items()}
    first = {one.lineage: name for name, one in before.sequences.items()}
    back = {name: first[name] for name in after.sequences if name in first}
    yield from _renamed(SEQUENCE, before.sequences, after.sequences, {**back, **_said(was)})
    topics = {name: one.was for name, one in after.topics.items()}
    yield from _renamed(TOPIC, before.topics, after.topics, {**_back(before, TOPIC), **_said(topics)})
    themes = {name: one.was for name, one in after.themes.items()}
    yield from _renamed(THEME, before.themes, after.themes, {**_back(before, THEME), **_said(themes)})
    tags = {new: old for old, new in after.renamed.get(TAG, {}).items()}
    told = dict.fromkeys(before.tags, ""), dict.fromkeys(after.tags, "")
    yield from _renamed(TAG, *told, {**_back(before, TAG), **tags})


def _said(was: Mapping[str, str]) -> dict[str, str]:
    return {name: old for name, old in was.items() if old}


def _back(before: Book, kind: str) -> dict[str, str]:
    """Former names, which may be taken back: each with the one it was given up for."""
    return dict(before.renamed.get(kind, {}))


def _renamed(
    kind: str, before: Mapping[str, object], after: Mapping[str, object], former: Mapping[str, str]
) -> Iterator[Rename]:
    """A name counts as given up when it was there and is not any more; one topic may take in another."""
    for new, old in former.items():
        takes_in = new not in before or kind != SEQUENCE
        if new in after and old in before and old not in after and takes_in:
            yield Rename(kind, old, new)


def mail_renames(
    before: Book, sequences: Mapping[str, Sequence], mails: Collection[str], former: Mapping[str, str]
) -> Iterator[Rename]:
    """The mails that a step goes on to send under another name: the old one is gone, the new one was not there.

    `sequences` are those to be, with their first names; `former` names those that were renamed. Two steps may each
    give the same mail another name: then the first is its name.
    """
    told: set[str] = set()
    for name, sequence in sequences.items():
        old = before.sequences.get(former.get(name, name))
        for new, was in renamed_mails(old, sequence).items() if old is not None else ():
            if (
                new in mails
                and was in before.mails
                and new not in before.mails
                and was not in told
                and was not in mails
            ):
                told.add(was)
                yield Rename(MAIL, was, new)


def renamed_mails(old: Sequence, new: Sequence) -> dict[str, str]:
    """Mails that a renamed step sends under another name: the old name of each new one."""
    there = {lineage_of(old, id_): node.step for id_, node in old.nodes.items()}
    found = {}
    for id_, node in new.nodes.items():
        was = there.get(lineage_of(new, id_))
        if isinstance(was, Send) and isinstance(node.step, Send) and was.mail != node.step.mail:
            found[node.step.mail] = was.mail
    return found


def names_before(sequence: Sequence) -> dict[str, str]:
    """The first name of every step."""
    return {id_: node.step.lineage or id_ for id_, node in sequence.nodes.items()}
