"""All files of a project into one book, with all findings of all files at once (language.md 3 and 9)."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from nurture.language.asking import Asking
from nurture.language.catalogue import read_catalogue
from nurture.language.declared import all_names, child, rungs_of
from nurture.language.files import Sorted, copies_of, mails_of, sort_files
from nurture.language.giving import read_calendar, read_gifts, read_ladders
from nurture.language.house import read_rules, read_stages, read_topics
from nurture.language.lint import findings
from nurture.language.reader import Fields, Reader
from nurture.language.report import Allowed, allowed_in, without
from nurture.language.scope import Scope, scope_of
from nurture.language.sequences import read_sequence
from nurture.language.source import read
from nurture.language.tree import ScalarNode, Source
from nurture.language.written import Project, Written
from nurture.model.book import Book, Mail
from nurture.model.catalogue import Catalogue
from nurture.model.house import House, SpecialDay
from nurture.model.place import Place, Problem, Severity
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """The book, None when any finding is an error; the findings in the order of the files; the lines to quote.

    `partial` is what could be read in spite of the findings: enough to judge templates by, never to run.
    `allowed` are the findings that the files say may stand.
    """

    book: Book | None
    problems: tuple[Problem, ...]
    sources: Mapping[str, tuple[str, ...]]
    partial: Book
    allowed: frozenset[Allowed] = frozenset()


def read_project(files: Mapping[str, bytes]) -> Reading:
    """Read and check every file, keyed by its posix path from the project's root."""
    wanted = sort_files(files)
    sources = {path: read(files[path], path) for path in wanted.all}
    found = [*wanted.problems, *(problem for source in sources.values() for problem in source.problems)]
    house = _House(wanted, sources, mails_of(files))
    project = house.project(files)
    found += house.problems
    whole = not any(problem.severity is Severity.error for problem in found)
    found += findings(replace(project, whole=whole))
    allowed = allowed_in(sources.values())
    problems = tuple(sorted(set(without(found, allowed)), key=_order))
    broken = any(problem.severity is Severity.error for problem in problems)
    lines = {path: source.lines for path, source in sources.items()}
    return Reading(None if broken else project.book, problems, lines, project.book, allowed)


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.place
    return place.file, place.line, place.column, problem.code, problem.message


class _House:
    """Reads the house first, since sequences refer to its names, then the sequences."""

    def __init__(self, wanted: Sorted, sources: Mapping[str, Source], mails: Mapping[str, Mail]) -> None:
        self._wanted = wanted
        self._sources = sources
        self._mails = mails
        self._roots = {kind: sources[path].root for kind, path in wanted.house.items()}
        self._calendars = [sources[path].root for path in wanted.calendars]
        written = {path: sources[path].root for path in wanted.sequences}
        self.names = all_names(self._roots, self._calendars, written, mails)
        self.problems: list[Problem] = []

    def project(self, files: Mapping[str, bytes]) -> Project:
        """Everything read, with a book as complete as the findings allow."""
        reader = Reader(self.names)
        catalogue, doubtful, catalogue_fields = self._catalogue(reader)
        derived = frozenset(f"person.{name}" for name, fact in catalogue.person.items() if fact.take)
        rungs = rungs_of(self._roots.get("ladders"))
        asking = Asking(reader, self._scope(catalogue), doubtful | self._unread(), derived, rungs, self._unheard())
        root = self._roots.get("stages")
        stages, moments, stages_fields = read_stages(root, asking) if root else ((), (), None)
        root = self._roots.get("topics")
        topics, themes, tags = read_topics(root, reader) if root else ({}, {}, dict[str, str]())
        rules, rules_fields = read_rules(self._roots.get("rules"), reader)
        given = self._given(asking)
        self._rules_missing(reader)
        written = self._sequences(asking, catalogue)
        self.problems += reader.problems
        book = Book(
            rules=rules,
            catalogue=catalogue,
            stages=stages,
            moments=moments,
            topics=topics,
            themes=themes,
            tags=frozenset(tags),
            renamed={"tag": {was: tag for tag, was in tags.items() if was}},
            sequences={each.sequence.name: each.sequence for each in written},
            mails=self._mails,
            house=given,
            digest=digest(files),
        )
        return Project(book, written, rules_fields, stages_fields, catalogue_fields, copies_of(files))

    def _given(self, asking: Asking) -> House:
        """Gifts, ladders and special days."""
        gifts, ladders = self._roots.get("gifts"), self._roots.get("ladders")
        presents, each, all_ = read_gifts(gifts, asking.reader) if gifts else ((), None, None)
        rules = read_ladders(ladders, asking) if ladders else ()
        days: list[SpecialDay] = []
        for root in self._calendars:
            for day in read_calendar(root, asking.reader) if root else ():
                if day.name in [other.name for other in days] and day.place is not None:
                    asking.reader.say("E210", day.place, f"two calendars have a day '{day.name}'")
                days.append(day)
        return House(presents, each, all_, rules, tuple(days))

    def _catalogue(self, reader: Reader) -> tuple[Catalogue, frozenset[str], Fields | None]:
        root = self._roots.get("catalogue")
        return read_catalogue(root, reader) if root else (Catalogue(), frozenset(), None)

    def _rules_missing(self, reader: Reader) -> None:
        if "rules" not in self._wanted.house:
            place = Place("sequences/house/rules.yaml")
            cure = "`nurture init another_folder` writes one to copy"
            reader.say("E115", place, "there is no sequences/house/rules.yaml", cure)

    def _sequences(self, asking: Asking, catalogue: Catalogue) -> tuple[Written, ...]:
        found = []
        for path in self._wanted.sequences:
            root = self._sources[path].root
            written = read_sequence(path, root, asking, catalogue.person) if root else None
            if written is not None:
                found.append(written)
        return tuple(found)

    def _scope(self, catalogue: Catalogue) -> Scope | None:
        if self._unreadable("catalogue"):
            return None
        return scope_of(
            catalogue,
            stages=self.names.stage or (),
            moments=self.names.moment or (),
            tags=self.names.tag or (),
            mails=self._mails,
            of_today=self.names.of_today,
        )

    def _unreadable(self, kind: str) -> bool:
        return kind in self._wanted.house and self._roots[kind] is None

    def _unheard(self) -> str:
        """The sequence that the rule of silence starts."""
        node = child(child(self._roots.get("rules"), "silence"), "start")
        return node.text if isinstance(node, ScalarNode) else ""

    def _unread(self) -> frozenset[str]:
        """The functions whose words stand in a file that could not be read."""
        stages = {"has_moment"} if self._unreadable("stages") else set()
        return frozenset(stages | ({"has_tag"} if self._unreadable("topics") else set()))


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over all files by path, so that one changed byte is another book."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{PurePosixPath(path)}\0{len(files[path])}\0".encode())
        total.update(files[path])
    return total.hexdigest()
