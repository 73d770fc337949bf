"""Seeds get a copy of everything new as it goes live: mails, sequences, broadcasts (language.md 3, `seeds`)."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from nurture.config import Config
from nurture.deliver.protocol import Provider
from nurture.engine.faults import FaultError
from nurture.engine.plan import NEW, Plan
from nurture.engine.preview import Desk, Sending, links_of
from nurture.engine.preview_reader import made_up_reader
from nurture.engine.preview_send import send_copy
from nurture.model.book import Book
from nurture.model.mail import Fate
from nurture.model.place import Problem
from nurture.model.renaming import SEQUENCE
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Send
from nurture.model.trigger import OnceTrigger


def copies_for_seeds(
    config: Config,
    way_out: Callable[[Config], Provider[Any, Any]],
    book: Book,
    templates: Mapping[str, bytes],
    fresh: Mapping[str, Collection[str]],
    now: datetime,
) -> Iterator[str]:
    """Hand a copy of every fresh mail, by sequence, to every seed; what came of each, in words.

    It is written for a made-up reader, like a preview, and its links act on nobody. What cannot be sent is said: all
    is live all the same. `way_out` makes the provider, or raises what keeps anything from going.
    """
    desk = Desk(book, templates, links_of(config, book), now)
    for name in sorted(fresh):
        sequence, told = book.sequences[name], set[str]()
        for send in sends_of(sequence):
            if send.mail in fresh[name] and send.mail not in told:
                told.add(send.mail)
                for seed in book.rules.seeds:
                    yield _copy(config, way_out, desk, sequence, send, seed)


def fresh_mails(found: Plan, versions: Collection[str]) -> dict[str, frozenset[str]]:
    """What is new to readers by an apply: by live sequence, the mails that seeds get a copy of.

    All mails of a broadcast in a new version, and of a sequence that was not live; of any other those that are new.
    What the first apply of a project brings was seen in its preview: of that, broadcasts alone.
    """
    book, before = found.tree.book, found.tree.known.applied
    former = {rename.new: rename.old for rename in found.tree.renames if rename.kind == SEQUENCE}
    new = {one.what.removeprefix("mail ") for one in found.mails if one.how == NEW}
    fresh: dict[str, frozenset[str]] = {}
    for name, sequence in book.sequences.items():
        if sequence.status is not Status.live:
            continue
        broadcast = any(isinstance(one, OnceTrigger) for one in sequence.start)
        last, applied = before.get(former.get(name, name)), book.applied[name]
        went_live = not found.first and (last is None or last.live_since != applied.live_since)
        mails = frozenset(send.mail for send in sends_of(sequence))
        whole = (broadcast and name in versions) or went_live
        if chosen := mails if whole else mails & new:
            fresh[name] = chosen
    return fresh


def sends_of(sequence: Sequence) -> list[Send]:
    """The steps that send, in their order."""
    return [node.step for node in sequence.nodes.values() if isinstance(node.step, Send)]


def _copy(
    config: Config, way_out: Callable[[Config], Provider[Any, Any]], desk: Desk, sequence: Sequence, send: Send,
    seed: str,
) -> str:  # fmt: skip
    reader = made_up_reader(desk.book, sequence, desk.now)
    try:
        found = send_copy(config, way_out(config), desk, Sending(send.mail, sequence, send), reader, seed)
    except FaultError as fault:
        return f"{send.mail}: no copy for {seed}: {fault}"
    if isinstance(found, Problem):
        return f"{send.mail}: no copy for {seed}: {found.place}: {found.message}"
    if found.handover.fate is Fate.accepted:
        return f"{send.mail}: a copy went to {seed}"
    return f"{send.mail}: the copy for {seed} is {found.handover.fate.value}: {found.handover.detail}"
