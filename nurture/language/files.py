"""Which file of a project is what: sequences, house files, mails, and what is not read (language.md 3).

Finding of this module beside those of 9.4: E121, a file in sequences/ that nurture would not read.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from nurture.language.house_grammar import HOUSE, LOCALE
from nurture.language.names import did_you_mean
from nurture.model.book import Mail
from nurture.model.place import Place, Problem
from nurture.model.values import dataclass

HOUSE_FILES = tuple(kind for kind in HOUSE if kind != "calendar")
ENDINGS = (".yaml", ".toml")
TEST_FILE = re.compile(r"sequences/tests/[^/]+\.test\.(yaml|toml)")
MAIL_ENDINGS = (".md", ".html", ".mjml")
_UNTRANSLATED = re.compile(rb"\A---\r?\n(?:(?!---)[^\n]*\n)*?untranslated:[ ]*true[ \t]*(?:#[^\n]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class Sorted:
    """The paths of the house by kind, of its calendars and of the sequences, and findings about other files."""

    house: Mapping[str, str]
    calendars: tuple[str, ...]
    sequences: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every path that is read."""
        return (*self.house.values(), *self.calendars, *self.sequences)


def sort_files(paths: Iterable[str]) -> Sorted:
    """Tell the files of sequences/ apart by their path."""
    house: dict[str, str] = {}
    calendars: dict[str, str] = {}
    sequences: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(paths):
        parts = PurePosixPath(path)
        if parts.parts[0] != "sequences" or parts.suffix.lower() not in (*ENDINGS, ".yml"):
            continue
        place = _place_for(parts)
        if place == "tests":
            continue  # read apart: they say nothing of what runs
        if place is None or parts.suffix not in ENDINGS:
            problems.append(_not_read(parts))
            continue
        taken = {"house": house, "calendars": calendars}.get(place, sequences)
        if parts.stem in taken:
            message = f"'{parts.stem}' is here twice: this file and {taken[parts.stem]}"
            problems.append(Problem("E120", Place(path), message, "keep one of them"))
            continue
        taken[parts.stem] = path
    return Sorted(house, tuple(calendars.values()), tuple(sequences.values()), tuple(problems))


def _place_for(path: PurePosixPath) -> str | None:
    if len(path.parts) == 2:
        return "sequences"
    if len(path.parts) == 3 and path.parts[1] == "house" and path.stem in HOUSE_FILES:
        return "house"
    if len(path.parts) == 4 and path.parts[1:3] == ("house", "calendars"):
        return "calendars"
    if path.parts[1] == "tests" and (len(path.parts) > 3 or TEST_FILE.fullmatch(str(path))):
        return "tests"
    return None


def test_files(paths: Iterable[str]) -> list[str]:
    """The paths of the test files among others (language.md 10); old texts in a folder beside them are none."""
    return sorted(path for path in paths if TEST_FILE.fullmatch(path))


def _not_read(path: PurePosixPath) -> Problem:
    message = f"'{path.relative_to('sequences')}' is not read"
    if path.parts[1] == "tests":
        name = path.name.split(".")[0]
        return Problem("E121", Place(str(path)), message, f"call it {name}.test{path.suffix.replace('.yml', '.yaml')}")
    if path.suffix not in ENDINGS:
        ending = ".toml" if path.suffix.lower() == ".toml" else ".yaml"
        return Problem("E121", Place(str(path)), message, f"call it {path.stem}{ending}")
    hint = did_you_mean(path.stem, HOUSE_FILES) if path.parts[1] == "house" else ""
    return Problem("E121", Place(str(path)), message, hint or "sequences stand in sequences/ itself")


def mails_of(files: Mapping[str, bytes]) -> dict[str, Mail]:
    """The mails: folders of templates/ with a file named by a locale; a copy not yet translated does not count."""
    locales: dict[str, set[str]] = {}
    for mail, locale, path in _versions(files):
        if not _UNTRANSLATED.match(files[path]):
            locales.setdefault(mail, set()).add(locale)
    variants, theirs = _variants(files)
    plain = {mail: Mail(mail, frozenset(found), frozenset(variants[mail])) for mail, found in locales.items()}
    copies = {mail for mail, _, _ in _versions(files)} - plain.keys()
    split = {
        mail: Mail(mail, frozenset(theirs[mail]), frozenset(folders), only_variants=True)
        for mail, folders in variants.items()
        if folders and mail not in plain and mail not in copies
    }
    return dict(sorted((plain | split).items()))


def _variants(files: Mapping[str, bytes]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The folders of each mail that hold a version of it (no copy still to be translated), and their locales."""
    found: dict[str, set[str]] = defaultdict(set)
    locales: dict[str, set[str]] = defaultdict(set)
    for path in files:
        parts = PurePosixPath(path).parts
        if len(parts) == len(("templates", "mail", "variant", "locale")) and not parts[2].startswith("_"):
            version = "/".join((parts[0], parts[1], parts[3]))
            if any(_versions({version: b""})) and not _UNTRANSLATED.match(files[path]):
                found[parts[1]].add(parts[2])
                locales[parts[1]].add(PurePosixPath(path).stem)
    return found, locales


def copies_of(files: Mapping[str, bytes]) -> dict[tuple[str, str], str]:
    """The paths of the copies not yet translated, by mail and locale."""
    return {(mail, locale): path for mail, locale, path in _versions(files) if _UNTRANSLATED.match(files[path])}


def _versions(files: Mapping[str, bytes]) -> Iterator[tuple[str, str, str]]:
    """Mail, locale and path of every file that is a version of a mail, by path."""
    for path in sorted(files):
        parts = PurePosixPath(path)
        if len(parts.parts) != 3 or parts.parts[0] != "templates" or parts.suffix not in MAIL_ENDINGS:
            continue
        mail = parts.parts[1]
        if not mail.startswith("_") and re.fullmatch(LOCALE.regex, parts.stem):
            yield mail, parts.stem, path
