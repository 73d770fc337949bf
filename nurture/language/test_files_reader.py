"""Reads sequences/tests/*.test.yaml and .toml by their table, with findings as for every other file (section 10)."""

from collections.abc import Collection, Iterator, Mapping
from datetime import time, timedelta
from pathlib import PurePosixPath

from nurture.language.files import test_files
from nurture.language.names import did_you_mean
from nurture.language.reader import Fields, Reader
from nurture.language.report import in_order, silenced
from nurture.language.source import read
from nurture.language.test_files import (
    Became,
    Case,
    CaseFile,
    Doing,
    Expected,
    Given,
    Happening,
    Moment,
    Named,
    NewVersion,
    Record,
    When,
)
from nurture.language.test_files_grammar import TEST
from nurture.language.test_files_names import names_of, own_fields
from nurture.language.test_files_values import FIRST_YEAR, LAST_YEAR, Typed, moment_of, others, when_of
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode
from nurture.model.book import Book
from nurture.model.catalogue import Field
from nurture.model.place import Place, Problem
from nurture.model.step import Split, Task, Webhook
from nurture.model.values import dataclass

MIDNIGHT = time(0, 0)
LONGEST = timedelta(days=3660)  # that a case may last


@dataclass(frozen=True, slots=True)
class TestFiles:
    """All test files of a project: their cases as far as they were understood, and all findings."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    files: tuple[CaseFile, ...]
    problems: tuple[Problem, ...]


def read_test_files(files: Mapping[str, bytes], book: Book, broken: Collection[str] = ()) -> TestFiles:
    """Read every test file against a book; `broken` are files with errors, of whose names nothing is said."""
    found: list[CaseFile] = []
    problems: list[Problem] = []
    names = names_of(book, files, broken)
    for path in test_files(files):
        source = read(files[path], path)
        reader = Reader(names)
        if source.root is not None:
            told = _File(path, reader, book, files, broken).read(source.root)
            found += [told] if told else []
        problems += silenced([*source.problems, *reader.problems], [source])
    return TestFiles(tuple(found), tuple(in_order(problems)))


class _File:
    """Reads one file."""

    def __init__(
        self, path: str, reader: Reader, book: Book, files: Mapping[str, bytes], broken: Collection[str]
    ) -> None:
        self.path = path
        self.reader = reader
        self.book = book
        self.files = files
        self.broken = any(file.startswith("sequences/") for file in broken)
        self.typed = Typed(reader, book.rules.currency, book.rules.zone)
        self.people: dict[str, dict[str, object]] = {}
        self.sequences: tuple[str, ...] = ()

    def read(self, root: Node) -> CaseFile | None:
        """The file as a value; None when it is none."""
        fields = self.reader.fields(root, TEST, "test file")
        if fields is None:
            return None
        name = fields.text("tests")
        self._called(fields, name)
        self.sequences = fields.many("with", str) or tuple(one for one in (name,) if one in self.book.sequences)
        if not self.sequences and not fields.written("with") and not self.broken and name:
            cure = "write with: [the sequences that are live in it]"
            self.reader.say("E115", fields.place_of("tests"), f"there is no sequence '{name}'", cure)
        self.people = {who: self._facts(part) for who, part in fields.named("people", Fields).items()}
        cases = tuple(self._cases(fields.many("cases", Fields)))
        return CaseFile(self.path, name, self.sequences, cases)

    def _called(self, fields: Fields, name: str) -> None:
        stem = PurePosixPath(self.path).name.split(".test.")[0]
        if name and name != stem:
            message = f"the file is called '{stem}', and 'tests' says '{name}'"
            self.reader.say("E120", fields.place_of("tests"), message, f"write tests: {stem}")

    def _cases(self, parts: tuple[Fields, ...]) -> Iterator[Case]:
        taken: set[str] = set()
        for part in parts:
            name = part.text("name")
            if name in taken:
                self.reader.say("E210", part.place_of("name"), f"two cases are called '{name}'")
            taken.add(name)
            case = self._case(part)
            if case is not None:
                yield case

    def _case(self, part: Fields) -> Case | None:
        until = self._moment(part, "until")
        if until is None or not part.text("name"):
            return None
        start = self._moment(part, "from", MIDNIGHT)
        inner = part.get("given", Fields)
        given = self._given(inner) if inner else Given()
        self._lasts(part, start, until, given)
        return Case(
            name=part.text("name"),
            place=part.place,
            until=until,
            given=given,
            start=start,
            expect=self._expected(part) if part.written("expect") else None,
            partly=part.flag("partly", default=False),
            never=self._never(part),
            ends=tuple(self._ends(part)),
            why=tuple(self._why(part)),
            clicks=tuple(self._doings(part, "clicks", "mail")),
            tasks=tuple(self._doings(part, "tasks", "done")),
            version=self._version(part),
            ways=self._ways(part),
            drafts=part.named("drafts", str),
            webhooks=self._webhooks(part),
            held_out=part.flag("held_out", default=False),
            reachable=part.text("address") != "none",
        )

    def _lasts(self, part: Fields, start: Moment | None, until: Moment, given: Given) -> None:
        """E114 where a case ends before it begins, or lasts longer than anybody will wait for."""
        what = "'from'" if start is not None else "the first event"
        began = start or min((one.at for one in given.events), default=None, key=lambda at: (at.day, at.clock))
        if began is not None and (began.day, began.clock) >= (until.day, until.clock):
            self.reader.say("E114", part.place_of("until"), f"'until' does not lie after {what}")
        elif began is not None and until.day - began.day > LONGEST:
            message = f"'until' lies more than ten years after {what}"
            self.reader.say("E114", part.place_of("until"), message, "write `from`, or an earlier day")

    def _moment(self, part: Fields, key: str, clock: time | None = None) -> Moment | None:
        text = part.text(key)
        if not text:
            return None
        found = moment_of(text) if clock is None else moment_of(text, clock)
        if found is None:
            self._no_day(part, key)
        return found

    def _when(self, part: Fields, key: str) -> When | None:
        text = part.text(key)
        found = when_of(text) if text else None
        if text and found is None:
            self._no_day(part, key)
        return found

    def _no_day(self, part: Fields, key: str) -> None:
        hint = f"a day that there is, from {FIRST_YEAR} to {LAST_YEAR}"
        self.reader.say("E114", part.place_of(key), f"'{key}: {part.text(key)}' is not understood", hint)

    def _given(self, part: Fields) -> Given:
        name, facts = self._person(part)
        return Given(
            name,
            facts,
            tuple(self._events(part)),
            tuple(self._records(part, "things")),
            tuple(self._records(part, "numbers")),
            part.many("consents", str) if part.written("consents") else None,
            part.many("refused", str),
            part.many("spared", str),
            part.many("tags", str),
        )

    def _person(self, part: Fields) -> tuple[str, dict[str, object]]:
        name = part.text("person")
        if name and name not in self.people:
            hint = did_you_mean(name, self.people, "write them under people:")
            self.reader.say("E114", part.place_of("person"), f"there is no person '{name}' in this file", hint)
        inline = part.get("person", Fields)
        return name, self._facts(inline) if inline else self.people.get(name, {})

    def _facts(self, part: Fields) -> dict[str, object]:
        return self._values(part, self.book.catalogue.person, "person.")

    def _values(self, part: Fields, known: Mapping[str, Field], prefix: str = "") -> dict[str, object]:
        """The author's own keys of a mapping as typed values; what the catalogue does not know is left out."""
        keys = frozenset(key.name for key in part.table.keys)
        found = {}
        for name, child in others(part.node, keys):
            field = known.get(name.text)
            value = self.typed.value(f"{prefix}{name.text}", child, field) if field else None
            if value is not None:
                found[name.text] = value
        return found

    def _events(self, part: Fields) -> Iterator[Happening]:
        for event in part.many("events", Fields):
            at, name = self._moment(event, "at"), event.text("event")
            if not name:
                continue
            known = self.book.catalogue.events.get(name)
            described = own_fields(name, self.book) if known is None else known
            self._strangers(event, name, described)
            fields = self._values(event, described)
            if at is not None:
                yield Happening(at, name, fields, event.place)

    def _strangers(self, part: Fields, name: str, known: Mapping[str, Field]) -> None:
        """E201 for a field that another event or thing has, and this one has not."""
        keys = frozenset(key.name for key in part.table.keys)
        for key, _ in others(part.node, keys):
            if key.text not in known and key.text in (part.named("fields", object) or {}):
                hint = did_you_mean(key.text, known, f"it has {', '.join(known)}" if known else "it has no fields")
                self.reader.say("E201", key.place, f"'{name}' has no field '{key.text}'", hint)

    def _records(self, part: Fields, key: str) -> Iterator[Record]:
        catalogue = self.book.catalogue
        for kind, records in part.named(key, tuple).items():
            described = (catalogue.things if key == "things" else catalogue.numbers).get(kind)
            if described is None:
                continue
            named = getattr(described, "key", "")
            known = {named: Field(named, "text"), **described.fields} if named else described.fields
            for record in records:
                self._strangers(record, kind, known)
                found = self._values(record, known)
                if named and named not in found:
                    self.reader.say("E115", record.place, f"a {kind} needs '{named}'")
                    continue
                yield Record(kind, found, self._moment(record, "at"), record.place)

    def _expected(self, part: Fields) -> tuple[Expected, ...]:
        found = []
        for entry in part.many("expect", Fields):
            at, mail = self._when(entry, "at"), entry.text("send")
            if at is not None and mail:
                told = (entry.text(key) for key in ("gift", "rung", "class", "variant"))
                found.append(Expected(at, mail, entry.place, *told))
        return tuple(found)

    def _never(self, part: Fields) -> tuple[Named, ...]:
        node = part.node.get("never")
        items = tuple(node) if isinstance(node, ListNode) else (node,) if node else ()
        mails = part.many("never", str)
        return tuple(
            Named(item.text, "", item.place) for item in items if isinstance(item, ScalarNode) and item.text in mails
        )

    def _ends(self, part: Fields) -> Iterator[Named]:
        inline = part.get("ends", Fields)
        if inline is None:
            words = part.text("ends")
            if words and self.sequences:
                yield Named(self._tested, words, part.place_of("ends"))
            return
        for name, child in inline.node:
            if isinstance(child, ScalarNode) and name.text in self.book.sequences:
                yield Named(name.text, child.text, child.place)

    @property
    def _tested(self) -> str:
        """The sequence that the file is named for, else the first of its world."""
        stem = PurePosixPath(self.path).name.split(".test.")[0]
        return stem if stem in self.sequences else self.sequences[0]

    def _why(self, part: Fields) -> Iterator[Became]:
        for entry in part.many("why", Fields):
            mail, outcome = entry.text("send"), entry.text("outcome")
            if mail and outcome:
                yield Became(mail, outcome, entry.place, self._when(entry, "at"))

    def _doings(self, part: Fields, key: str, what: str) -> Iterator[Doing]:
        for entry in part.many(key, Fields):
            at, name = self._moment(entry, "at"), entry.text(what)
            if what == "done":
                self._step(name, Task, entry.place_of(what), "task")
            if at is not None and name:
                yield Doing(at, name, entry.place)

    def _step(self, name: str, kind: type, place: Place, called: str) -> None:
        """E114 where no sequence of this world has a step of that id and kind."""
        steps = {
            sequence.name: [node.step.id for node in sequence.nodes.values() if isinstance(node.step, kind)]
            for sequence in self.book.sequences.values()
        }
        known = [id_ for sequence in self.sequences for id_ in steps.get(sequence, ())]
        if name and name not in known and not self.broken:
            elsewhere = next((sequence for sequence, ids in steps.items() if name in ids), "")
            otherwise = f"there are: {', '.join(known)}" if known else ""
            hint = f"it stands in '{elsewhere}': write that under with:" if elsewhere else ""
            message = f"there is no {called} '{name}' in these sequences"
            self.reader.say("E114", place, message, hint or did_you_mean(name, known, otherwise))

    def _ways(self, part: Fields) -> dict[str, str]:
        ways = part.named("way", str)
        node = part.node.get("way")
        for name, child in node if isinstance(node, MappingNode) else ():
            self._step(name.text, Split, name.place, "split")
            known = [way.name for split in self._splits(name.text) for way in split.ways]
            word = ways.get(name.text)
            if known and word and word not in known:
                message = f"'{name.text}' has no way '{word}'"
                self.reader.say("E114", child.place, message, did_you_mean(word, known, f"one of {', '.join(known)}"))
        return ways

    def _splits(self, name: str) -> Iterator[Split]:
        for sequence in self.sequences:
            node = self.book.sequences[sequence].nodes.get(name) if sequence in self.book.sequences else None
            if node is not None and isinstance(node.step, Split):
                yield node.step

    def _webhooks(self, part: Fields) -> dict[str, str]:
        node = part.node.get("webhooks")
        for name, _ in node if isinstance(node, MappingNode) else ():
            self._step(name.text, Webhook, name.place, "webhook")
        return part.named("webhooks", str)

    def _version(self, part: Fields) -> NewVersion | None:
        inner = part.get("version", Fields)
        at = self._moment(inner, "at") if inner else None
        if inner is None or at is None or not inner.text("old"):
            return None
        old = inner.text("old")
        if old not in self.files:
            hint = did_you_mean(old, self.files, "keep the old text of the sequence there")
            self.reader.say("E114", inner.place_of("old"), f"there is no file {old}", hint)
            return None
        return NewVersion(old, at, inner.text("due_now", "send"), inner.place)
