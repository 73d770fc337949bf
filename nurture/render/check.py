"""Findings in templates before anything is sent: E220 to E224, E311, W315 and W325 (language.md 9.4)."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from nurture.model.book import Book
from nurture.model.place import Place, Problem
from nurture.render import markdown
from nurture.render.compiled import compiled, syntax_faults
from nurture.render.frame import BASE, LAYOUT, page, read_words, words_file
from nurture.render.given import Giving, givings
from nurture.render.locales import is_locale, spelt
from nurture.render.page_words import page_problems
from nurture.render.reading import Reading
from nurture.render.source import Piece, Written, read
from nurture.render.tokens import TOKEN, hide

LONGEST_SUBJECT = 70
FORMAT = ".md"
DEPTH = 3  # templates / mail / locale.md


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
    yield from _frame(book, templates)
    for file, data in sorted(templates.items()):
        path = PurePosixPath(file)
        if file.startswith("templates/") and not file.startswith("templates/_"):
            fault = _misnamed(path)
            if fault is None:
                yield from _mail(_givings(book, path.parent.name, whole), read(file, data), data)
            else:
                yield fault


def _misnamed(path: PurePosixPath) -> Problem | None:
    """A file that no mail would ever be made from."""
    file = str(path)
    if path.suffix != FORMAT or len(path.parts) != DEPTH:
        message = f"no mail is made from '{file}'"
        return Problem(
            "E223", Place(file), message, "a mail is templates/MAIL/LOCALE.md, such as templates/hello/en.md"
        )
    if not is_locale(path.stem):
        return Problem(
            "E223", Place(file), f"'{path.stem}' is not a locale, so nobody would get this", "such as en, pt-BR"
        )
    if spelt(path.stem) != path.stem:
        hint = f"name it {spelt(path.stem)}{FORMAT}"
        return Problem("E223", Place(file), f"the locale '{path.stem}' is spelt '{spelt(path.stem)}'", hint)
    return None


def _frame(book: Book, templates: Mapping[str, bytes]) -> Iterator[Problem]:
    """The author's own frame and words, where there are any."""
    if BASE in templates:
        frame = page(templates[BASE])
        if isinstance(frame, Problem):
            yield frame
    written = {file for file in templates if file.startswith(LAYOUT) and file.endswith(".toml")}
    for file in sorted(written):
        words = read_words(file, templates[file])
        if isinstance(words, Problem):
            yield words
        yield from page_problems(file, templates[file])
    used = {locale for mail in book.mails.values() for locale in mail.locales}
    for locale in sorted(used - {"en"}):
        if words_file(locale) not in written and words_file(locale.partition("-")[0]) not in written:
            message = f"the footer has no {locale} words; readers of it get another language under their mail"
            yield Problem("W311", Place(words_file(locale)), message, f"write {words_file(locale)}")


def _givings(book: Book, mail: str, whole: bool) -> tuple[Giving, ...]:
    """Who gives the mail what; nothing when a sequence that could not be read may send it."""
    known = givings(book, mail)
    return known if whole or any(giving.by for giving in known) else ()


def _mail(known: tuple[Giving, ...], written: Written, data: bytes) -> Iterator[Problem]:
    """One locale of one mail."""
    pieces = (written.subject, written.preheader, written.body)
    faults = [*written.problems, *(fault for piece in pieces for fault in syntax_faults(piece))]
    yield from faults
    if faults:
        return
    read_through = [fault for giving in known for piece in pieces for fault in Reading(piece, giving).run()]
    yield from read_through
    ready = compiled(written.file, data)
    if isinstance(ready, Problem) and not any(fault.code == ready.code for fault in read_through):
        yield ready
    yield from _subject(written)
    yield from _pictures(written.body)


def _subject(written: Written) -> Iterator[Problem]:
    """W315: what a subject line looks like in a list of mails."""
    subject = written.subject
    text = TOKEN.sub("", subject.text).strip()
    if not subject.text.strip():
        yield Problem("W315", Place(written.file), "this mail has no subject", 'subject: "…" between two lines of ---')
    if len(text) > LONGEST_SUBJECT:
        message = f"the subject is {len(text)} characters long; many programs show {LONGEST_SUBJECT}"
        yield Problem("W315", subject.place(0, len(subject.text)), message, "say the first thing first")
    if len(text) > 3 and text.isupper():
        yield Problem(
            "W315", subject.place(0, len(subject.text)), "the subject is all capitals", "write it as you speak"
        )
    if not written.body.text.strip():
        yield Problem("W315", written.body.place(0), "this mail has no text", "")


def _pictures(body: Piece) -> Iterator[Problem]:
    """W315 for a picture without words, E224 for one that is not on the web: mails carry no files yet."""
    hidden = hide(body.text)
    for mark in markdown.parse(hidden.text):
        for child in mark.children or ():
            if child.type != "image":
                continue
            source = str(child.attrGet("src") or "")
            place = body.place(max(0, body.text.find(source)), len(source))
            if not child.content.strip():
                yield Problem("W315", place, "this picture has no words for those who do not see it", "![words](…)")
            if not source.startswith("https://") and not hidden.mark.match(source):
                yield Problem("E224", place, f"there is no picture '{source}'", "give its whole address: https://…")
