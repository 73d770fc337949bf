"""Everything that is wrong with a project's files, found by all rooms that read them, as one list."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nurture.engine.faults import RefusedError
from nurture.engine.project import read_files
from nurture.language.project import Reading, read_project
from nurture.model.book import Book
from nurture.model.place import Problem, Severity
from nurture.render.check import check_templates


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read and what was found; `book` is None when any finding is an error."""

    book: Book | None
    problems: tuple[Problem, ...]
    sources: Mapping[str, tuple[str, ...]]
    files: int

    @property
    def errors(self) -> int:
        """How many findings keep `apply` from going on."""
        return sum(problem.severity is Severity.error for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many findings are shown and stop nothing, unless `--strict`."""
        return sum(problem.severity is Severity.warning for problem in self.problems)


def check(files: Mapping[str, bytes]) -> Checked:
    """Judge sequences, house and templates together; templates only against a book that could be read."""
    reading = read_project(files)
    problems = list(reading.problems)
    if reading.book is not None:
        problems += check_templates(reading.book, files)
    ordered = tuple(sorted(problems, key=lambda p: (p.place.file, p.place.line, p.place.column, p.code)))
    return joined(reading, ordered, files)


def joined(reading: Reading, problems: tuple[Problem, ...], files: Mapping[str, bytes]) -> Checked:
    """The book counts only when no room found an error; templates quote their own lines."""
    broken = any(problem.severity is Severity.error for problem in problems)
    sources = dict(reading.sources)
    for name in {problem.place.file for problem in problems} - sources.keys():
        sources[name] = tuple(files.get(name, b"").decode("utf-8", "replace").splitlines())
    return Checked(None if broken else reading.book, problems, sources, len(files))


def book_of(root: Path) -> Book:
    """The book of the working tree; RefusedError when the files have errors."""
    checked = check(read_files(root))
    if checked.book is None:
        raise RefusedError(f"the files have {checked.errors} errors. `nurture check` shows them.")
    return checked.book
