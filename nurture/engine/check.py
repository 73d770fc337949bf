"""Everything that is wrong with a project's files, found by all rooms that read them, as one list."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from nurture.decide.special_days import moves
from nurture.engine.collecting import uncollected
from nurture.engine.faults import RefusedError
from nurture.engine.project import read_files
from nurture.language.allowances import allowed_in_template
from nurture.language.project import Reading, read_project
from nurture.language.report import Allowed, without
from nurture.language.test_files import CaseFile
from nurture.language.test_files_reader import TestFiles, read_test_files
from nurture.model.book import Book
from nurture.model.length import Unit
from nurture.model.place import Problem, Severity
from nurture.model.step import WaitLength
from nurture.model.trigger import HolidayTrigger
from nurture.model.values import dataclass
from nurture.render.check import LARGEST, check_templates

CATALOGUE = "sequences/house/catalogue"  # .yaml or .toml
WITH_WORDS = (".md", ".mjml", ".html", ".toml")
NO_SUCH_FIELD = "E201"  # of an event: with a broken catalogue no event has any
FULLY_READ = "E300"  # findings from here on are about what was read, not about what could not be


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read and what was found; `book` is None when any finding is an error, `partial` what could be read.

    `cases` are the test files, as far as they were understood; `allowed` the findings that the files say may stand.
    """

    book: Book | None
    problems: tuple[Problem, ...]
    sources: Mapping[str, tuple[str, ...]]
    files: int
    partial: Book
    cases: tuple[CaseFile, ...] = ()
    allowed: frozenset[Allowed] = frozenset()

    @property
    def errors(self) -> int:
        """How many findings keep `apply` from going on."""
        return sum(problem.severity is Severity.error for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many findings are shown and stop nothing, unless `--strict`."""
        return sum(problem.severity is Severity.warning for problem in self.problems)


def check(files: Mapping[str, bytes]) -> Checked:
    """Judge sequences, house and templates together: everything that is wrong, in one go."""
    with uncollected():
        return _judged(files)


def _judged(files: Mapping[str, bytes]) -> Checked:
    reading = read_project(files)
    tests = tests_of(reading, files)
    problems = [*reading.problems, *tests.problems, *without_holidays(reading.partial)]
    if reading.book is not None:
        problems += check_templates(reading.book, files)
    else:
        problems += check_templates(trusted(reading), files, whole=False)
    allowed, misspelt = of_templates(files)
    problems += misspelt
    allowed |= reading.allowed
    ordered = tuple(sorted(problems, key=lambda p: (p.place.file, p.place.line, p.place.column, p.code)))
    return joined(replace(reading, allowed=allowed), without(ordered, allowed), files, tests.files)


def of_templates(files: Mapping[str, bytes]) -> tuple[frozenset[Allowed], list[Problem]]:
    """What mails say may stand, and E105 for what cannot."""
    allowed: frozenset[Allowed] = frozenset()
    problems: list[Problem] = []
    for file, data in files.items():
        if file.startswith("templates/") and file.endswith(WITH_WORDS) and b"nurture" in data[:LARGEST].lower():
            marks, wrong = allowed_in_template(file, data[:LARGEST].decode("utf-8", "replace"))
            allowed |= marks
            problems += wrong
    return allowed, problems


def tests_of(reading: Reading, files: Mapping[str, bytes]) -> TestFiles:
    """The test files held against what could be read; of names in files with errors nothing is said."""
    broken = {problem.place.file for problem in reading.problems if problem.severity is Severity.error}
    tests = read_test_files(files, reading.partial, broken)
    if any(file.startswith(CATALOGUE) for file in broken):
        return replace(tests, problems=tuple(one for one in tests.problems if one.code != NO_SUCH_FIELD))
    return tests


def without_holidays(book: Book) -> Iterator[Problem]:
    """W355: without the extra `calendars` working days leave out weekends only, and feasts that move start nobody."""
    if find_spec("holidays") is not None:
        return
    for sequence in book.sequences.values():
        for trigger in sequence.start:
            named = trigger.days if isinstance(trigger, HolidayTrigger) else ()
            if lacking := [name for name in named if moves(name) and book.house.day(name) is None]:
                yield Problem(
                    "W355",
                    trigger.place,
                    f"{', '.join(lacking)} cannot be dated: no calendar is installed here, so nobody starts by it",
                    "pip install 'nurture[calendars]', or give its dates in sequences/house/calendars/",
                )
        for node in sequence.nodes.values():
            if isinstance(node.step, WaitLength) and node.step.length.unit is Unit.working_day:
                yield Problem(
                    "W355",
                    node.step.place,
                    "working days leave out weekends only: public holidays are not installed here",
                    "pip install 'nurture[calendars]'",
                )


def trusted(reading: Reading) -> Book:
    """The part of a book with mistakes that templates can be held against without a false word.

    Without the catalogue nothing is known of any name; a sequence that was half read may give a mail more.
    """
    misread = {p.place.file for p in reading.problems if p.severity is Severity.error and p.code < FULLY_READ}
    if any(file.startswith(CATALOGUE) for file in misread):
        topics = {name: replace(topic, confirm="") for name, topic in reading.partial.topics.items()}
        return replace(reading.partial, sequences={}, topics=topics)
    whole = {name: one for name, one in reading.partial.sequences.items() if one.place.file not in misread}
    return replace(reading.partial, sequences=whole)


def joined(
    reading: Reading, problems: tuple[Problem, ...], files: Mapping[str, bytes], cases: tuple[CaseFile, ...] = ()
) -> Checked:
    """The book counts only when no room found an error; templates quote their own lines."""
    broken = any(problem.severity is Severity.error for problem in problems)
    sources = dict(reading.sources)
    for name in {problem.place.file for problem in problems} - sources.keys():
        sources[name] = tuple(files.get(name, b"").decode("utf-8", "replace").splitlines())
    return Checked(
        None if broken else reading.book, problems, sources, len(files), reading.partial, cases, reading.allowed
    )


def book_of(root: Path) -> Book:
    """The book of the working tree; RefusedError when the files have errors."""
    checked = check(read_files(root))
    if checked.book is None:
        raise RefusedError(files_with(checked.errors))
    return checked.book


def book_without_mails(root: Path) -> Book:
    """The book for whom no mail matters, such as an import: the sequences and the house are judged, no template is.

    RefusedError when they have errors.
    """
    reading = read_project(read_files(root))
    if reading.book is None:
        raise RefusedError(files_with(sum(problem.severity is Severity.error for problem in reading.problems)))
    return reading.book


def readable_book(root: Path) -> Book:
    """What of the working tree can be read: enough for commands that write new files beside ones with mistakes."""
    return read_project(read_files(root)).partial


def files_with(errors: int) -> str:
    """Why nothing was done."""
    return f"the files have {errors} error{'' if errors == 1 else 's'}: see `nurture check`."
