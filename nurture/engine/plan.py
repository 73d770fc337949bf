"""What an apply would do, before it is done: changes in words, people with head counts, decisions that are missing.

It is bound to the state it saw: `answer` is a digest of what decided it (language.md 8 and 11.7).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from hashlib import sha256

from nurture.decide.migrate import UNDECIDED, landing, moves_people
from nurture.engine.broadcast_heads import Heads, heads
from nurture.engine.differences import Change, book_changes, file_changes
from nurture.engine.live import NOTHING_CHOSEN, Choice, Tree, plain_book, tree
from nurture.engine.plan_house import Already, Forecast, Stages, already, forecast, restaged, rules_differ
from nurture.engine.plan_people import Group, count
from nurture.engine.renames import Rename
from nurture.engine.tick import Tell, silent
from nurture.language.project import digest
from nurture.model.book import Book
from nurture.model.renaming import MAIL, SEQUENCE, TAG, THEME, TOPIC
from nurture.model.sequence import Sequence, Status
from nurture.model.values import dataclass
from nurture.store.open import Store

NEW, CHANGED, GONE, SAME = "new", "changed", "gone", "same"
DUE_NOW = "due_now"
PAST_HOUR = "past_hour"
PAST_HOUR_OPTIONS = "--past-hour send  |  skip"
DUE_NOW_OPTIONS = '--due-now send  |  "spread 3 days"  |  old-day'


@dataclass(frozen=True, slots=True)
class Missing:
    """One decision that nobody took yet: a key that stays the same, how many it is about, and the cure in words."""

    key: str
    people: int
    words: str


@dataclass(slots=True)
class SequencePlan:
    """One sequence: its versions, what is another in it, and its people by where they stand."""

    name: str
    how: str
    was_version: int = 0
    version: int = 0
    changes: tuple[str, ...] = ()
    groups: list[Group] = field(default_factory=list)
    unfit: int = 0
    looked: int = 0
    gone: int = 0
    settling: int = 0
    starts: Heads | None = None
    already: Already | None = None
    draft: bool = False

    @property
    def inside(self) -> int:
        """How many are inside."""
        return sum(group.count for group in self.groups) + self.gone

    @property
    def at_once(self) -> int:
        """How many become due at once by the change."""
        return sum(group.at_once for group in self.groups)


@dataclass(slots=True)
class Plan:
    """The whole answer. `dropped` are sequences whose file is gone; `application` is the apply that it saw."""

    tree: Tree
    files: str
    application: int
    choice: Choice
    sequences: list[SequencePlan] = field(default_factory=list)
    house: tuple[Change, ...] = ()
    mails: tuple[Change, ...] = ()
    missing: list[Missing] = field(default_factory=list)
    forecast: Forecast | None = None
    stages: Stages | None = None
    first: bool = False

    @property
    def changes(self) -> bool:
        """Whether an apply would change anything."""
        return bool(self.first or self.house or self.mails or any(one.how != SAME for one in self.sequences))

    @property
    def next_hour(self) -> int:
        """The most that can go out in the next hour because of this."""
        waiting = sum(group.within_the_hour for one in self.sequences for group in one.groups)
        return waiting + sum(one.starts.next_hour for one in self.sequences if one.starts is not None)

    @property
    def answer(self) -> str:
        """A digest of what decided it: the live book, the files, and which decisions are asked for."""
        asked = [self.application, self.files, sorted(one.key for one in self.missing)]
        asked += [sorted(group_key(one.name, group) for one in self.sequences for group in one.groups if group.at_once)]
        return sha256(json.dumps(asked).encode()).hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """The head counts that were agreed to; an apply refuses when they have grown much."""
        found = {one.key: one.people for one in self.missing}
        found |= {f"at once {one.name}": one.at_once for one in self.sequences if one.at_once}
        return found | {"next hour": self.next_hour}


def group_key(name: str, group: Group) -> str:
    """A group of people by where they stand."""
    return f"{name} {group.version} {group.step}"


def plan(
    store: Store,
    book: Book,
    files: Mapping[str, bytes],
    now: datetime,
    choice: Choice = NOTHING_CHOSEN,
    *,
    look_ahead: bool = False,
    tell: Tell = silent,
) -> Plan:
    """What an apply of these checked files would do at `now`; with `look_ahead` the house's changes are lived too."""
    before = plain_book(store)
    to_be = tree(store, before, book, files, now, choice)
    seen = to_be.known.application if before is None else before.application
    found = Plan(to_be, digest(files), seen, choice, first=before is None)
    if before is None:
        found.sequences = [SequencePlan(name, NEW, 0, 1, draft=_draft(one)) for name, one in sorted(_all(to_be))]
        return found
    former = {rename.new: rename.old for rename in to_be.renames if rename.kind == SEQUENCE}
    changes = tuple(book_changes(before, to_be.book, former))
    found.house = tuple(change for change in changes if change.what.startswith("house"))
    found.mails = mail_changes(to_be, files)
    people = count(store, before, to_be.book, to_be.same, now, tell)
    for name, _ in sorted(_all(to_be)):
        found.sequences.append(_sequence(before, to_be, name, former, changes))
    found.sequences += [SequencePlan(name, GONE, before.version(name)) for name in sorted(to_be.dropped)]
    for one in found.sequences:
        one.groups = people.groups.get(one.name, [])
        one.unfit, one.looked = people.unfit[one.name], people.looked[one.name]
        one.gone, one.settling = people.gone.get(one.name, 0), people.settling[one.name]
        if one.how in (NEW, CHANGED) and to_be.book.sequences[one.name].status is Status.live:
            one.starts = heads(store, to_be.book, to_be.book.sequences[one.name], now)
    found.missing = list(_missing(store, before, found, now))
    if look_ahead:
        _look_ahead(store, before, found, now, tell)
    return found


def _all(to_be: Tree) -> Iterator[tuple[str, Status]]:
    yield from ((name, one.status) for name, one in to_be.book.sequences.items())


def _draft(status: Status) -> bool:
    return status is Status.draft


def mail_changes(to_be: Tree, files: Mapping[str, bytes]) -> tuple[Change, ...]:
    """Mails by name; one that a step sends under another name now is held against the one it was."""
    today = {rename.old: rename.new for rename in to_be.renames if rename.kind == MAIL}
    known = {_moved(path, today): data for path, data in to_be.known.files.items()}
    changes = {change.what: change for change in file_changes(known, files)}
    for mail, new in today.items():
        change = changes.get(f"mail {new}")
        changes[f"mail {new}"] = Change(f"mail {mail}", f"is now {new}", change.details if change else ())
    return tuple(changes[name] for name in sorted(changes))


def _moved(path: str, today: Mapping[str, str]) -> str:
    parts = path.split("/")
    return "/".join([parts[0], today.get(parts[1], parts[1]), *parts[2:]]) if len(parts) > 2 else path


def _sequence(
    before: Book, to_be: Tree, name: str, former: Mapping[str, str], changes: tuple[Change, ...]
) -> SequencePlan:
    was = former.get(name, name)
    draft = to_be.book.sequences[name].status is Status.draft
    version = to_be.book.version(name)
    if was not in before.sequences:
        return SequencePlan(name, NEW, 0, version, draft=draft)
    if name in to_be.same:
        return SequencePlan(name, SAME, version, version)
    change = next((one for one in changes if one.what == name), None)
    return SequencePlan(name, CHANGED, before.version(was), version, change.details if change else (), draft=draft)


def _missing(store: Store, before: Book, found: Plan, now: datetime) -> Iterator[Missing]:
    """The decisions that are asked for, in the order in which they are numbered."""
    for one in found.sequences:
        yield from _undecided(one, found.tree.book.sequences)
    if not found.choice.due_now:
        for one in found.sequences:
            if one.at_once:
                become = "person becomes" if one.at_once == 1 else "people become"
                words = f"{one.name}: {one.at_once:,} {become} due at once. Add  {DUE_NOW_OPTIONS}"
                yield Missing(f"{DUE_NOW} {one.name}", one.at_once, words)
    for one in found.sequences:
        if one.how == GONE and one.gone and one.name not in found.choice.drop:
            cure = f"put it back with  status: closed  until they have finished, or add  --drop {one.name}=stop"
            words = f"{one.name}: {one.gone:,} inside, and its file is gone; {cure}"
            yield Missing(f"gone {one.name}", one.gone, words)
    yield from _past_hours(found, now)
    yield from _names_given_up(before, found)
    yield from _refusals(store, before, found)


def _past_hours(found: Plan, now: datetime) -> Iterator[Missing]:
    """Broadcasts that go live, or move to another hour, when it has passed for some readers and not for others."""
    for one in found.sequences if not found.choice.past_hour else ():
        applied = found.tree.book.applied.get(one.name)
        anew = applied is not None and now in (applied.live_since, applied.starts_since)
        if anew and one.starts is not None and one.starts.past:
            past = one.starts.past
            readers = "1 reader's hour has" if past == 1 else f"the hour of {past:,} readers has"
            words = f"{one.name}: {readers} passed already. Add  {PAST_HOUR_OPTIONS}"
            yield Missing(f"{PAST_HOUR} {one.name}", past, words)


def _undecided(one: SequencePlan, sequences: Mapping[str, Sequence]) -> Iterator[Missing]:
    steps: dict[str, int] = {}
    for group in one.groups:
        if group.undecided and group.step is not None:
            steps[group.step] = steps.get(group.step, 0) + group.count
    for step, people in steps.items():
        cure = f"removed: [{{step: {step}, people_there: next}}]    (or stop, or go_to …)"
        file = sequences[one.name].place.file
        yield Missing(f"removed {one.name} {step}", people, f"{one.name}: add to {file}    {cure}")


def _names_given_up(before: Book, found: Plan) -> Iterator[Missing]:
    """A former name leads to the one of today; something new under it would get that one's history and refusals."""
    after = found.tree.book
    back = set(found.tree.renames)
    for kind, names in (
        (SEQUENCE, after.sequences), (TOPIC, after.topics), (THEME, after.themes), (TAG, after.tags),
        (MAIL, after.mails),
    ):  # fmt: skip
        for old, today in before.renamed.get(kind, {}).items():
            if old in names and Rename(kind, today, old) not in back:
                words = f"the {kind} {old} was renamed to {today}, which has its history; choose another name"
                yield Missing(f"name {kind} {old}", 0, words)
    renamed_to = {rename.new for rename in found.tree.renames if rename.kind == SEQUENCE}
    for name in sorted(renamed_to):
        if name in found.tree.known.numbers and name not in before.renamed.get(SEQUENCE, {}):
            yield Missing(f"name used {name}", 0, f"a sequence was called {name} before; choose another name")
    for rename in found.tree.renames:
        if rename.kind == TOPIC and rename.new in before.topics:
            words = f"{rename.new} is a topic already: who agreed to {rename.old} did not agree to it; keep both"
            yield Missing(f"merge topic {rename.old}", 0, words)


def _refusals(store: Store, before: Book, found: Plan) -> Iterator[Missing]:
    """Topics, themes and tags that are taken away while somebody said no to them, or carries them."""
    after, asked = found.tree.book, store.applications
    for kind, old, new in (
        (TOPIC, before.topics.keys(), after.topics.keys()),
        (THEME, before.themes.keys(), after.themes.keys()),
        (TAG, before.tags, after.tags),
    ):
        renamed = after.renamed.get(kind, {})
        for name in sorted(old - new - renamed.keys()):
            names = frozenset({name, *(was for was, today in renamed.items() if today == name)})
            number = {TOPIC: asked.refusals, THEME: asked.spared, TAG: asked.tagged}[kind](names)
            if number:
                did = ("carries" if number == 1 else "carry") if kind == TAG else "refused"
                cure = f"put it back, or say under what name it goes on:  was: {name}"
                yield Missing(f"{kind} {name}", number, f"{number:,} {did} the {kind} {name}, which is gone; {cure}")


def _look_ahead(store: Store, before: Book, found: Plan, now: datetime, tell: Tell) -> None:
    after = found.tree.book
    fresh = [one for one in found.sequences if one.how == NEW and after.sequences[one.name].status is Status.live]
    fulfilled = already(store, after, [one.name for one in fresh], now)
    for one in fresh:
        one.already = fulfilled.get(one.name)
    if rules_differ(before, after):
        found.forecast = forecast(store, before, after, now, tell)
    stages = [(stage.id, stage.enter.text, stage.keep_for) for stage in before.stages]
    if stages != [(stage.id, stage.enter.text, stage.keep_for) for stage in after.stages]:
        found.stages = restaged(store, after, now)


def nobody_may_stand(found: Plan) -> Iterator[tuple[str, int, str]]:
    """Places at which nobody may arrive between this plan and its apply: steps that are gone, without a decision."""
    book = found.tree.book
    former = {rename.new: rename.old for rename in found.tree.renames if rename.kind == SEQUENCE}
    for (name, version), old in book.older.items():
        new = book.sequences.get(name)
        if new is None or not moves_people(new):
            continue
        for step in old.nodes:
            if landing(old, new, step).how == UNDECIDED:
                yield former.get(name, name), version, step
