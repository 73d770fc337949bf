"""The files against what is live, in words, and what a reader would notice of it (language.md 11.6)."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime

from nurture.decide.lineages import lineage_of
from nurture.engine.differences import Change, book_changes
from nurture.engine.live import Tree, plain_book, tree
from nurture.engine.plan import mail_changes
from nurture.engine.unknown import refuse_unknown
from nurture.model.book import Book
from nurture.model.renaming import SEQUENCE
from nurture.model.sequence import Sequence
from nurture.model.step import AnyStep, Repeat, Send, Split, WaitDay, WaitEvent, WaitLength
from nurture.model.values import dataclass
from nurture.store.open import Store


@dataclass(frozen=True, slots=True)
class Difference:
    """What is another in one sequence, in the house or in the mails; `head` says against what it was held."""

    what: str
    head: str
    details: tuple[str, ...] = ()
    noticed: tuple[str, ...] = ()


@dataclass(slots=True)
class Differences:
    """All that differs."""

    found: list[Difference] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.found:
            yield "Nothing differs from what is live."
        for one in self.found:
            yield one.head
            yield from (f"  {detail}" for detail in one.details)
            if one.noticed:
                yield f"What a reader would notice: {'; '.join(one.noticed)}."


def differences(store: Store, book: Book, files: Mapping[str, bytes], now: datetime, wanted: str = "") -> Differences:
    """The checked files against the live book; only one sequence when it is named. MisuseError for no such one."""
    before = plain_book(store)
    to_be = tree(store, before, book, files, now)
    if wanted:
        refuse_unknown("sequence", wanted, {*to_be.book.sequences, *(before.sequences if before is not None else ())})
    former = {rename.new: rename.old for rename in to_be.renames if rename.kind == SEQUENCE}
    changes = [one for one in book_changes(before, to_be.book, former) if not wanted or one.what == wanted]
    mails = mail_changes(to_be, files) if before is not None else ()
    found = Differences()
    for change in changes:
        found.found.append(_difference(store, before, to_be, change, former, mails))
    sent = sent_by(to_be.book.sequences.get(wanted)) if wanted else None
    for mail in mails:
        if sent is None or _mail_of(mail) in sent:
            found.found.append(Difference(mail.what, f"{mail.what} {_how(mail)}"))
    return found


def _how(mail: Change) -> str:
    return f"{mail.how}{': ' if mail.details else ''}{'; '.join(mail.details)}"


def _mail_of(change: Change) -> str:
    """The name that a mail has now."""
    return change.how.removeprefix("is now ") if change.how.startswith("is now ") else change.what.removeprefix("mail ")


def sent_by(sequence: Sequence | None) -> set[str]:
    """The mails of a sequence."""
    steps = () if sequence is None else (node.step for node in sequence.nodes.values())
    return {step.mail for step in steps if isinstance(step, Send)}


def _difference(
    store: Store, before: Book | None, to_be: Tree, change: Change, former: Mapping[str, str], mails: tuple[Change, ...]
) -> Difference:
    name = former.get(change.what, change.what)
    if before is None or change.how != "changed" or name not in before.sequences:
        return Difference(change.what, f"{change.what}: {change.how}", change.details)
    applied = before.applied[name]
    application = store.figures.application()
    by = f", {application.who}" if application is not None and application.who else ""
    since = f"{applied.live_since.day} {applied.live_since:%b %Y}"
    head = f"{change.what}: your file against version {applied.version} (live since {since}{by})"
    old, new = before.sequences[name], to_be.book.sequences[change.what]
    texts = {_mail_of(mail) for mail in mails if mail.how != "new"}
    return Difference(change.what, head, change.details, tuple(noticed(old, new, texts)))


def noticed(old: Sequence, new: Sequence, texts: set[str]) -> Iterator[str]:
    """What a reader would see of an edit: mails that come earlier, later, no more, or read otherwise."""
    was, today = dict(days_of(old)), dict(days_of(new))
    before = {lineage_of(old, id_): (id_, node.step) for id_, node in old.nodes.items() if isinstance(node.step, Send)}
    after = {lineage_of(new, id_): (id_, node.step) for id_, node in new.nodes.items() if isinstance(node.step, Send)}
    for lineage, (id_, step) in after.items():
        if lineage not in before:
            yield f"{id_} comes{_on(today.get(id_))}"
            continue
        earlier, later = was.get(before[lineage][0]), today.get(id_)
        if earlier is not None and later is not None and earlier != later:
            days = abs(later - earlier)
            yield f"{id_} comes {days} day{'' if days == 1 else 's'} {'earlier' if later < earlier else 'later'}"
        if isinstance(step, Send) and step.mail in texts:
            yield f"{step.mail} reads otherwise"
    yield from (f"{id_} comes no more" for lineage, (id_, _) in before.items() if lineage not in after)


def _on(day: int | None) -> str:
    return "" if day is None else f" on day {day}"


def days_of(sequence: Sequence) -> Iterator[tuple[str, int | None]]:
    """The first day on which each step can come, counted from what starts it; None where nobody can say."""
    yield from _days(sequence.steps, 0)


def _days(steps: tuple[AnyStep, ...], begun: int | None) -> Iterator[tuple[str, int | None]]:
    from nurture.model.step import inner

    day = begun
    for step in steps:
        yield step.id, day
        for arm in inner(step):
            yield from _days(arm, None if isinstance(step, WaitEvent | Repeat | Split) and day is None else day)
        match step:
            case WaitLength():
                more = step.length.days if step.length.days is not None else 0 if step.length.elapsed else None
                day = None if day is None or more is None else day + more
            case WaitDay():
                day = step.day
            case WaitEvent():
                more = step.up_to.days
                day = None if day is None or more is None else day + more
            case _ if type(step).__name__ in ("WaitUntil", "WaitWeekday"):
                day = None
