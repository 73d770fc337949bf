"""Seeds get a broadcast before its readers do: a copy of each of its mails as it goes live (language.md 3, `seeds`)."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from nurture.config import Config
from nurture.deliver.protocol import Provider
from nurture.engine.faults import FaultError
from nurture.engine.preview import Desk, Sending, links_of
from nurture.engine.preview_reader import made_up_reader
from nurture.engine.preview_send import send_copy
from nurture.model.book import Book
from nurture.model.mail import Fate
from nurture.model.place import Problem
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Send
from nurture.model.trigger import OnceTrigger


def copies_for_seeds(
    config: Config,
    way_out: Callable[[Config], Provider[Any, Any]],
    book: Book,
    templates: Mapping[str, bytes],
    applied: Collection[str],
    now: datetime,
) -> Iterator[str]:
    """Hand a copy of every mail of the broadcasts among `applied` to every seed; what came of each, in words.

    It is written for a made-up reader, like a preview, and its links act on nobody. What cannot be sent is said: the
    broadcast is live all the same. `way_out` makes the provider, or raises what keeps anything from going.
    """
    desk = Desk(book, templates, links_of(config, book), now)
    for sequence in (book.sequences[name] for name in sorted(applied) if name in book.sequences):
        if sequence.status is not Status.live or not any(isinstance(one, OnceTrigger) for one in sequence.start):
            continue
        for send in (node.step for node in sequence.nodes.values()):
            for seed in book.rules.seeds:
                if isinstance(send, Send):
                    yield _copy(config, way_out, desk, sequence, send, seed)


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
