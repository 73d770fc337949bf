"""What `nurture test` does with a project: which cases, run them, and old versions that some of them begin with."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from nurture.engine.book_tests import Result, run_files
from nurture.engine.book_tests_world import Worlds
from nurture.engine.check import files_with, tests_of
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.project import read_files
from nurture.language.names import did_you_mean
from nurture.language.project import read_project
from nurture.language.test_files import CaseFile
from nurture.model.book import Book
from nurture.model.place import Severity
from nurture.model.sequence import Sequence as BookSequence
from nurture.model.values import dataclass

NO_TESTS = (
    "there are no test files: write sequences/tests/NAME.test.yaml, or begin with a case that has no `expect` "
    "and fill it in with `nurture test --record`."
)


@dataclass(frozen=True, slots=True)
class Tested:
    """A project as tests see it: its book, its test files, and all its files by their path."""

    book: Book
    cases: tuple[CaseFile, ...]
    files: Mapping[str, bytes]


def opened(root: Path) -> Tested:
    """Read a project; RefusedError when its sequences, house or tests have errors. Mails are not looked at."""
    files = read_files(root)
    reading = read_project(files)
    tests = tests_of(reading, files)
    errors = sum(problem.severity is Severity.error for problem in (*reading.problems, *tests.problems))
    if reading.book is None or errors:
        raise RefusedError(files_with(errors))
    return Tested(reading.book, tests.files, files)


def chosen(files: Iterable[CaseFile], names: Sequence[str], words: str) -> tuple[CaseFile, ...]:
    """The files and cases asked for: by the name of a test file or of a sequence in it, and by words of a case's name.

    MisuseError for a name that none has, and where no case is left.
    """
    every = tuple(files)
    if not every:
        raise MisuseError(NO_TESTS)
    known = sorted({name for file in every for name in (file.name, *file.sequences)})
    for name in names:
        if name not in known:
            cure = did_you_mean(name, known, f"there are: {', '.join(known)}")
            raise MisuseError(f"no test is called '{name}' or has that sequence; {cure}")
    wanted = [file for file in every if not names or not {file.name, *file.sequences}.isdisjoint(names)]
    named = [file for file in wanted if file.name in names]
    kept = tuple(with_words(named or wanted, words))
    if not kept:
        raise MisuseError(f"no case has '{words}' in its name.")
    return kept


def with_words(files: Iterable[CaseFile], words: str) -> Iterator[CaseFile]:
    """The cases whose name holds these words, whatever their letters' case; files without one are left out."""
    for file in files:
        cases = tuple(case for case in file.cases if words.casefold() in case.name.casefold())
        if cases:
            yield replace(file, cases=cases)


def count(files: Iterable[CaseFile]) -> int:
    """How many cases these files have."""
    return sum(len(file.cases) for file in files)


def results_of(
    book: Book, files: Mapping[str, bytes], cases: Sequence[CaseFile], tell: Callable[[int], None]
) -> list[Result]:
    """Run the cases."""
    return list(run_files(Worlds(book, old_versions(files, cases)), cases, tell))


def old_versions(files: Mapping[str, bytes], cases: Iterable[CaseFile]) -> dict[str, BookSequence]:
    """The old sequences that cases begin with, by their file; RefusedError for one that has errors.

    Each is read in the place of its newer version, in today's house.
    """
    wanted = {case.version.old: (file, case) for file in cases for case in file.cases if case.version}
    found = {}
    for path, (file, case) in wanted.items():
        name = PurePosixPath(path).stem
        today = next((one for one in files if PurePosixPath(one).parent.name == "sequences" and stem(one) == name), "")
        there = f"sequences/{PurePosixPath(path).name}"
        reading = read_project({**{one: data for one, data in files.items() if one != today}, there: files[path]})
        sequence = reading.partial.sequences.get(name)
        mistakes = [problem for problem in reading.problems if problem.place.file == there and problem.code[0] == "E"]
        if sequence is None or mistakes:
            line = f", line {mistakes[0].place.line}: {mistakes[0].message}" if mistakes else ""
            raise RefusedError(f"{file.file}:{case.place.line}: the old file {path} cannot be read{line}.")
        found[path] = sequence
    return found


def stem(path: str) -> str:
    """The name of a sequence by its file."""
    return PurePosixPath(path).stem


def to_record(files: Sequence[CaseFile], words: str) -> tuple[CaseFile, ...]:
    """The cases that a recording fills in: those of these words, or without words all that expect nothing yet."""
    if words:
        return tuple(with_words(files, words))
    kept = (replace(file, cases=tuple(case for case in file.cases if not case.expects_anything)) for file in files)
    return tuple(file for file in kept if file.cases)
