"""Witnesses that a key is kept by the engine: a change by which a life in tests/specimens/keys comes out otherwise.

`python -m tests.keys_witnessed` looks for one for every key and writes witnesses.json; it takes some minutes.
"""

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from nurture.engine.book_tests_life import World, lived
from nurture.engine.book_tests_project import old_versions
from nurture.engine.book_tests_world import LONG_AGO, Clocks, Worlds
from nurture.language.names import Names
from nurture.language.project import read_project
from nurture.language.schema import TABLES, names_in
from nurture.language.source import read
from nurture.language.test_files import Case, CaseFile
from nurture.language.test_files_reader import read_test_files
from nurture.model.book import Applied, Book
from tests.written_keys import Spot, Way, at, changed, every_key, plain, spots

FOLDER = Path(__file__).parent / "specimens" / "keys"
WITNESSES = FOLDER / "witnesses.json"
GONE = "(gone)"
Files = Mapping[str, bytes]


def kind_of(path: str) -> str:
    """The kind of file that a path is; empty for mails and tests."""
    parts = Path(path).parts
    if parts[0] != "sequences" or "tests" in parts:
        return ""
    return "calendar" if "calendars" in parts else Path(path).stem if "house" in parts else "sequence"


def _project() -> dict[str, bytes]:
    """Every file, those of the language as JSON, so that a changed one differs in nothing else."""
    files = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*.*")}
    del files["witnesses.json"]
    return {path: _text(plain(read(data, path).root)) if kind_of(path) else data for path, data in files.items()}


def _text(values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode()


KEYS_PROJECT: Files = _project()


@dataclass(frozen=True)
class Witness:
    """One change: what stands at `way` in a file instead (`(gone)`: nothing), and the life that shows it."""

    table: str
    key: str
    path: str
    way: Way
    instead: object
    file: str
    case: str

    def spot(self) -> tuple[str, str]:
        """The table and key that stand at that place."""
        found = next(spot for spot in spots(self._values(), TABLES[kind_of(self.path)]) if spot.path == self.way)
        return found.table, found.key

    def changed(self) -> Files:
        """The project with the change."""
        values = copy.deepcopy(self._values())
        inside = at(values, self.way[:-1])
        assert isinstance(inside, dict)
        if self.instead == GONE:
            del inside[self.way[-1]]
        else:
            inside[self.way[-1]] = self.instead
        return {**KEYS_PROJECT, self.path: _text(values)}

    def _values(self) -> object:
        return json.loads(KEYS_PROJECT[self.path])


def witnesses() -> list[Witness]:
    """Those that are written down."""
    rows = json.loads(WITNESSES.read_text())
    return [Witness(table, key, path, tuple(way), *rest) for table, key, path, way, *rest in rows]


class AsWritten(Worlds):
    """Worlds in which the status and the hold-out of a sequence count, unlike in those of `nurture test`."""

    def _little(self, sequences: Sequence[str], case: Case) -> Book:  # noqa: ARG002 - as the worlds have it
        found = {name: self.book.sequences[name] for name in sequences if name in self.book.sequences}
        return replace(self.book, sequences=found, applied=dict.fromkeys(found, Applied(1, LONG_AGO)))


def life_of(files: Files, file: str, case: str) -> str:
    """All that one case brings: mails, tasks, calls, reasons, and the person at its end."""
    wanted = {path: data for path, data in files.items() if not path.endswith(".test.yaml") or f"/{file}." in path}
    world, cases = _worlds(wanted)
    return next(_life(world, one, each) for one in cases if one.name == file for each in one.cases if each.name == case)


def _worlds(files: Files) -> tuple[Worlds, tuple[CaseFile, ...]]:
    """The worlds and cases of a project; ValueError when it has errors."""
    reading = read_project(files)
    if reading.book is None:
        raise ValueError(reading.problems)
    tests = read_test_files(files, reading.book)
    if tests.problems:
        raise ValueError(tests.problems)
    return AsWritten(reading.book, old_versions(files, tests.files)), tests.files


def _life(worlds: Worlds, file: CaseFile, case: Case) -> str:
    decisions = list(lived(worlds.life(file.sequences, case), World(case), Clocks(worlds.book, case.given)))
    came = [
        (one.intents, one.tasks, one.webhooks, [replace(reason, place=None) for reason in one.reasons])
        for one in decisions
    ]
    person = decisions[-1].person
    return repr((came, person.facts, person.tags, person.stage, person.enrolments))


@cache
def _usual() -> dict[tuple[str, str], str]:
    worlds, files = _worlds(KEYS_PROJECT)
    return {(file.name, case.name): _life(worlds, file, case) for file in files for case in file.cases}


def _found(spot: Spot, path: str, names: Names) -> Witness | None:
    values = json.loads(KEYS_PROJECT[path])
    for made in changed(values, spot, names):
        try:
            worlds, files = _worlds({**KEYS_PROJECT, path: _text(made)})
        except ValueError:
            continue
        for file, case in _nearest(files, path):
            if _life(worlds, file, case) != _usual()[file.name, case.name]:
                inside = at(made, spot.path[:-1])
                assert isinstance(inside, dict)
                instead = inside.get(spot.path[-1], GONE)
                return Witness(spot.table, spot.key, path, spot.path, instead, file.name, case.name)
    return None


def _nearest(files: tuple[CaseFile, ...], path: str) -> Iterator[tuple[CaseFile, Case]]:
    """The cases that may show a change to a file, the short lives first."""
    stem = Path(path).stem
    for file in sorted(files, key=lambda one: (stem not in one.sequences, one.name == "starts")):
        if kind_of(path) != "sequence" or stem in file.sequences:
            yield from ((file, case) for case in file.cases)


def look() -> list[Witness]:
    """One witness for every key that has any; those that are written down and still hold are kept."""
    book = read_project(KEYS_PROJECT).book
    assert book is not None
    found = {(one.table, one.key): one for one in witnesses() if holds(one)}
    for path in filter(kind_of, KEYS_PROJECT):
        for spot in spots(json.loads(KEYS_PROJECT[path]), TABLES[kind_of(path)]):
            if (spot.table, spot.key) not in found and (witness := _found(spot, path, names_in(book))):
                found[spot.table, spot.key] = witness
    return [found[key] for key in every_key() if key in found]


def holds(witness: Witness) -> bool:
    """Whether the life still comes out otherwise."""
    try:
        there = witness.spot() == (witness.table, witness.key)
        return there and life_of(witness.changed(), witness.file, witness.case) != _usual()[witness.file, witness.case]
    except (StopIteration, ValueError, LookupError):
        return False


def text_of(found: list[Witness]) -> str:
    """The witnesses as they are kept, one a line."""
    rows = ([one.table, one.key, one.path, one.way, one.instead, one.file, one.case] for one in found)
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


if __name__ == "__main__":
    WITNESSES.write_text(text_of(look()))
