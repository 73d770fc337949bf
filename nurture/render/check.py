"""Findings in templates before anything is sent: the frame, its words, and every version of every mail."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from nurture.model.book import Book
from nurture.model.place import Place, Problem
from nurture.render.check_links import check_links
from nurture.render.check_mail import check_mail, check_pictures
from nurture.render.frame import read_words, words_file
from nurture.render.given import Giving, frame_giving, givings, needs_a_way_out
from nurture.render.images import FOLDER, MEDIA_TYPES, is_what_it_says
from nurture.render.layout import built_in, layout
from nurture.render.locales import is_locale, spelt
from nurture.render.page_words import page_problems, style_problem
from nurture.render.reading import Reading
from nurture.render.restore import PICTURE
from nurture.render.source import Written, read
from nurture.render.tokens import letters_for
from nurture.render.versions import (
    BASES,
    BUILT_IN,
    FORMATS,
    LAYOUT,
    TEMPLATES,
    TEXT_PART,
    Origin,
    Version,
    layout_of,
    version_of,
)

NAME = re.compile(r"[a-z][a-z0-9_]*")
LARGEST = 200_000  # bytes of a template; time must stay bounded


def check_templates(book: Book, templates: Mapping[str, bytes], *, whole: bool = True) -> tuple[Problem, ...]:
    """Everything wrong in the templates (path to bytes), by file and place; each thing is said once.

    A book that is not `whole` lacks sequences with mistakes: of a mail that nobody in it sends,
    it cannot be said which names it is given.
    """
    found: dict[tuple[str, Place], Problem] = {}
    for problem in _all(book, templates, whole):
        found.setdefault((problem.code, problem.place), problem)
    return tuple(
        sorted(found.values(), key=lambda problem: (problem.place.file, problem.place.line, problem.place.column))
    )


def _all(book: Book, templates: Mapping[str, bytes], whole: bool) -> Iterator[Problem]:
    large = [file for file in sorted(templates) if _is_too_large(file, templates[file])]
    yield from (_too_large(file, len(templates[file])) for file in large)
    templates = {file: data for file, data in templates.items() if file not in large}
    yield from _read_whole(f"{TEMPLATES}_layout", _frame(book, templates))
    yield from _words(book, templates)
    yield from _variants(book, templates)
    frame = layout_of(templates) or (BUILT_IN, built_in())
    for file in sorted(templates):
        if file.startswith(FOLDER):
            yield from _image(file, templates[file])
        elif file.startswith(TEMPLATES) and not file.startswith(f"{TEMPLATES}_"):
            version = version_of(file)
            fault = _misnamed(file, version) or _doubled(version, templates)
            if fault is not None:
                yield fault
            elif version is not None and version.ending != TEXT_PART:
                yield from _read_whole(file, _version(book, templates, whole, version, frame))


def _is_too_large(file: str, data: bytes) -> bool:
    return file.startswith(TEMPLATES) and not file.startswith(FOLDER) and len(data) > LARGEST


def _too_large(file: str, size: int) -> Problem:
    message = f"this file has {size:,} bytes, and a template has at most {LARGEST:,}"
    return Problem("E100", Place(file), message, "mail programs cut a mail at 102 KB")


def _read_whole(file: str, problems: Iterator[Problem]) -> Iterator[Problem]:
    """What is found in one file; one in which too much stands in each other cannot be read to its end."""
    found: list[Problem] = []
    try:
        found.extend(problems)
    except RecursionError:
        message = "more brackets, blocks or filters stand in each other here than can be read"
        found.append(Problem("E223", Place(file), message, "take them apart"))
    yield from found


def _misnamed(file: str, version: Version | None) -> Problem | None:
    """A file that no mail would ever be made from."""
    path = PurePosixPath(file)
    if version is None:
        cure = "a mail is templates/MAIL/LOCALE.md (or .mjml, .html), such as templates/hello/en.md"
        return Problem("E223", Place(file), f"no mail is made from '{file}'", cure)
    if version.variant and NAME.fullmatch(version.variant) is None:
        return Problem("E223", Place(file), f"'{version.variant}' cannot name a variant", "a-z, 0-9 and _")
    if not is_locale(path.stem):
        return Problem(
            "E223", Place(file), f"'{path.stem}' is not a locale, so nobody would get this", "such as en, pt-BR"
        )
    if spelt(path.stem) != path.stem:
        hint = f"name it {spelt(path.stem)}{path.suffix}"
        return Problem("E223", Place(file), f"the locale '{path.stem}' is spelt '{spelt(path.stem)}'", hint)
    return None


def _doubled(version: Version | None, templates: Mapping[str, bytes]) -> Problem | None:
    """Two formats for one locale, or a text part of no mail."""
    if version is None:
        return None
    there = [ending for ending in FORMATS if version.beside + ending in templates]
    name = PurePosixPath(version.file).name
    if version.ending == TEXT_PART and not there:
        message = f"no mail is beside '{name}', whose text part it would be"
        return Problem("E223", Place(version.file), message, f"write {version.locale}.md")
    if version.ending in there[1:]:
        message = f"'{name}' and '{version.locale}{there[0]}' are one mail in one language; only one would be sent"
        return Problem("E223", Place(version.file), message, "keep one of them")
    return None


def _image(file: str, data: bytes) -> Iterator[Problem]:
    """A file that no mail could show."""
    path = PurePosixPath(file)
    if PICTURE.fullmatch(f"_images/{path.name}") is None:
        yield Problem("E224", Place(file), f"no mail can name the picture '{path.name}'", "letters, digits, - . and _")
    elif path.suffix.lower() not in MEDIA_TYPES or len(path.parts) != len(PurePosixPath(FOLDER).parts) + 1:
        kinds = ", ".join(sorted(MEDIA_TYPES))
        yield Problem("E224", Place(file), f"'{path.name}' is no picture that mail programs show", f"one of {kinds}")
    elif not is_what_it_says(path.name, data):
        message = f"'{path.name}' does not begin as a {path.suffix} picture does, so mail programs would not show it"
        yield Problem("E224", Place(file), message, "save it again as a picture, or name it as what it is")


def _frame(book: Book, templates: Mapping[str, bytes]) -> Iterator[Problem]:
    """The author's own frame, where there is one."""
    if all(base in templates for base in BASES):
        yield Problem("E223", Place(BASES[1]), f"there are two frames, and {BASES[0]} is used", "keep one of them")
    found = layout_of(templates)
    if found is None:
        return
    file, data = found
    frame = layout(file, data, book.rules.locales[0], letters_for(data.decode("utf-8", "replace")))
    if isinstance(frame, Problem):
        yield frame
    else:
        yield from Reading(frame.piece, frame_giving(_images(templates))).run()
        yield from check_pictures(frame.piece, True, _images(templates))
        yield from check_links(frame.piece, True)


def _words(book: Book, templates: Mapping[str, bytes]) -> Iterator[Problem]:
    """The frame's words in each language, and the style of the pages behind links."""
    if fault := style_problem(templates):
        yield fault
    written = {file for file in templates if file.startswith(LAYOUT) and file.endswith(".toml")}
    for file in sorted(written):
        yield from page_problems(file, templates[file])
        words = read_words(file, templates[file])
        if isinstance(words, Problem):
            yield words
    used = {locale for mail in book.mails.values() for locale in mail.locales}
    for locale in sorted(used - {"en"}):
        if words_file(locale) not in written and words_file(locale.partition("-")[0]) not in written:
            message = f"the footer has no {locale} words; readers of it get another language under their mail"
            yield Problem("W311", Place(words_file(locale)), message, f"write {words_file(locale)}")


def _variants(book: Book, templates: Mapping[str, bytes]) -> Iterator[Problem]:
    """W311 for a language that a variant lacks: a variant in another language goes before the mail without it."""
    written: dict[tuple[str, str], set[str]] = {}
    for file, data in templates.items():
        version = version_of(file)
        if (
            version
            and NAME.fullmatch(version.variant)
            and version.ending != TEXT_PART
            and not read(file, data).untranslated
        ):
            written.setdefault((version.mail, version.variant), set()).add(version.locale)
    for (mail, variant), there in sorted(written.items()):
        for locale in book.rules.locales:
            if there.isdisjoint({locale, locale.partition("-")[0]}):
                folder = f"{TEMPLATES}{mail}/{variant}"
                instead = next((one for one in book.rules.locales if one in there), "another language")
                message = f"{folder} has no {locale} version; readers of it get {instead}"
                copy = next(
                    (f"{folder}/{locale}{end}" for end in FORMATS if f"{folder}/{locale}{end}" in templates), ""
                )
                hint = f"translate {copy} and take out 'untranslated: true'" if copy else ""
                place = Place(copy or f"{folder}/{locale}.md")
                yield Problem("W311", place, message, hint or f"nurture new mail {mail} --locale {locale}")


def _images(templates: Mapping[str, bytes]) -> frozenset[str]:
    return frozenset(file.removeprefix(FOLDER) for file in templates if file.startswith(FOLDER))


def _version(
    book: Book, templates: Mapping[str, bytes], whole: bool, version: Version, frame: tuple[str, bytes]
) -> Iterator[Problem]:
    """One version of one mail, and whether it still says what its source says."""
    text = templates.get(version.beside + TEXT_PART)
    origin = Origin(version.file, templates[version.file], text, *frame, version.locale)
    images = _images(templates)
    known = _givings(book, version.mail, whole, images)
    yield from check_mail(origin, known, images, bool(known) and needs_a_way_out(book, version.mail))
    source = _source(book, templates, version)
    if source is not None:
        yield from _older(read(version.file, origin.data), source)


def _givings(book: Book, mail: str, whole: bool, images: frozenset[str]) -> tuple[Giving, ...]:
    """Who gives the mail what; nothing when a sequence that could not be read may send it."""
    known = givings(book, mail, images, whole)
    return known if whole or any(giving.by for giving in known) else ()


def _source(book: Book, templates: Mapping[str, bytes], version: Version) -> Written | None:
    """The version in the house's first language that a translation was made from."""
    first = book.rules.locales[0]
    if version.locale == first:
        return None
    folder = version.file.rpartition("/")[0]
    files = (f"{folder}/{first}{ending}" for ending in FORMATS)
    return next((read(file, templates[file]) for file in files if file in templates), None)


def _older(written: Written, source: Written) -> Iterator[Problem]:
    """W311: a translation that says which text it was made from, and that text has been changed since."""
    said = written.still_right
    if said is not None and said.text.strip() != source.fingerprint:
        message = f"{source.file} was changed after this was translated from it"
        hint = f"still_right: {source.fingerprint}"
        yield Problem("W311", said.place(0, len(said.text)), message, f"when it is right again: {hint}")
