"""`nurture preview`: one mail as the daemon would write it, from the files of the working tree (language.md 11.3).

It is written by the same `render` that the hand-over uses. Nothing is decided, stored or sent. The links in it
act on nobody: they are signed for the preview alone, so no web part takes them for its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path

from nurture.config import Config
from nurture.decide.clock import Clock, local_day, reader_clock
from nurture.engine.check import Checked, check, files_with
from nurture.engine.faults import MisuseError, RefusedError, StateError
from nurture.engine.preview_mail import Pictures, Seen, for_a_browser, seen, shown_pictures
from nurture.engine.preview_reader import MADE_UP, Given, Reader, given_by, in_locale
from nurture.engine.project import read_files
from nurture.language.lint_flow import OFFER, SERVICE
from nurture.language.names import did_you_mean
from nurture.links import Links
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.mail import Email
from nurture.model.place import Problem
from nurture.model.sequence import Sequence
from nurture.model.step import Send
from nurture.model.values import dataclass
from nurture.render.locales import is_locale
from nurture.render.mail import render

FOLDER = ".nurture/preview"
PREVIEW_SECRET = b"links of a preview act on nobody"


@dataclass(frozen=True, slots=True)
class Tree:
    """The working tree as it reads now; `checked` holds its findings."""

    root: Path
    files: Mapping[str, bytes]
    checked: Checked

    @property
    def book(self) -> Book:
        """The book of the files; RefusedError while they have errors."""
        if self.checked.book is None:
            raise RefusedError(files_with(self.checked.errors))
        return self.checked.book

    def findings(self, mail: str) -> tuple[Problem, ...]:
        """What `check` says of this mail."""
        return tuple(one for one in self.checked.problems if one.place.file.startswith(f"templates/{mail}/"))


@dataclass(frozen=True, slots=True)
class Desk:
    """What every preview is written from: the book, its files, how links look, and the instant it is (UTC)."""

    book: Book
    templates: Mapping[str, bytes]
    links: Links | None
    now: datetime
    variant: str = ""
    key: str = MADE_UP


@dataclass(frozen=True, slots=True)
class Sending:
    """The step that sends a mail, and the other sequences that do; a mail nobody sends has no step.

    `asks` is the first topic that it asks a reader to confirm, where it is not sent by a sequence.
    """

    mail: str
    sequence: Sequence | None = None
    send: Send | None = None
    others: tuple[str, ...] = ()
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """One mail for one reader: the mail itself, what can be seen of it, and how it came to be."""

    mail: str
    variant: str
    reader: str
    sending: Sending
    given: Given
    class_: str
    topic: str
    wanted_locale: str
    email: Email
    seen: Seen
    pictures: Pictures = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """The preview file's name without its folder."""
        parts = [self.mail, self.variant, self.email.locale, "html"]
        return ".".join(part for part in parts if part)


def read_tree(root: Path) -> Tree:
    """Read and check the files of a project."""
    files = read_files(root)
    return Tree(root, files, check(files))


def desk_of(tree: Tree, config: Config, now: datetime, mail: str = "", variant: str = "") -> Desk:
    """All that a preview needs; RefusedError while the files have errors, MisuseError for a variant that is not there.

    No store is needed, and none is opened.
    """
    variants = tree.book.mails[mail].variants if mail in tree.book.mails else frozenset()
    if variant and variant not in variants:
        there = f"'{mail}' has {', '.join(sorted(variants))}." if variants else f"'{mail}' has none."
        raise MisuseError(f"there is no variant '{variant}'; {did_you_mean(variant, variants, there)}")
    return Desk(tree.book, tree.files, links_of(config, tree.book), now, variant)


def links_of(config: Config, book: Book) -> Links | None:
    """Links as they will look, signed so that they act on nobody; None while no web address is configured."""
    return Links(config.web_url, PREVIEW_SECRET, book.rules.project) if config.web_url else None


def refuse_unknown_mail(book: Book, name: str) -> None:
    """MisuseError for a mail that is not there, with the one that is meant or the sequence of that name."""
    if name in book.mails:
        return
    if name in book.sequences:
        raise MisuseError(f"'{name}' is a sequence; `nurture preview {name} --timeline` shows its days.")
    hint = did_you_mean(name, book.mails, f"mails are: {', '.join(sorted(book.mails))}.")
    raise MisuseError(f"there is no mail '{name}'; {hint}")


def refuse_unknown_sequence(book: Book, name: str) -> None:
    """MisuseError for a sequence that is not there, with the one that is meant or the mail of that name."""
    if name in book.sequences:
        return
    if name in book.mails:
        raise MisuseError(f"'{name}' is a mail; `nurture preview {name}` shows it.")
    hint = did_you_mean(name, book.sequences, f"there are: {', '.join(sorted(book.sequences))}.")
    raise MisuseError(f"there is no sequence '{name}'; {hint}")


def sending_of(book: Book, mail: str, wanted: str = "") -> Sending:
    """The first step that sends a mail, in the wanted sequence or in the first by name.

    MisuseError when there is no such mail, or the wanted sequence does not send it.
    """
    refuse_unknown_mail(book, mail)
    found = {
        name: node.step
        for name in sorted(book.sequences, reverse=True)
        for node in reversed(tuple(book.sequences[name].nodes.values()))
        if isinstance(node.step, Send) and node.step.mail == mail
    }
    names = tuple(sorted(found))
    if wanted:
        refuse_unknown_sequence(book, wanted)
        if wanted not in found:
            said = f"it is sent by {', '.join(names)}." if names else "no sequence sends it yet."
            raise MisuseError(f"{wanted} does not send '{mail}'; {said}")
    if not names:
        return Sending(mail, asks=next((name for name, topic in book.topics.items() if topic.confirm == mail), ""))
    name = wanted or names[0]
    return Sending(mail, book.sequences[name], found[name], tuple(other for other in names if other != name))


def preview(desk: Desk, sending: Sending, reader: Reader) -> Preview | Problem:
    """The mail as it would be written for this reader now; a template's fault is a Problem at its line."""
    clock = reader_clock(desk.book.rules, reader.person.facts)
    given = Given({})
    if sending.sequence and sending.send:
        given = given_by(desk.book, sending.sequence, sending.send, reader, clock, desk.now)
    intent = intent_of(desk, sending, reader, given, clock)
    email = render(desk.book, desk.templates, intent, reader.person, desk.links)
    if isinstance(email, Problem):
        return email
    return Preview(
        sending.mail,
        intent.variant,
        reader.label,
        sending,
        given,
        intent.class_,
        intent.topic,
        str(reader.person.facts.get("locale") or ""),
        email,
        seen(email, desk.links),
        shown_pictures(email.html, email.images, desk.links, desk.templates),
    )


def intent_of(desk: Desk, sending: Sending, reader: Reader, given: Given, clock: Clock) -> Intent:
    """What would be decided, but for the person: a link made from it names nobody."""
    send, now = sending.send, desk.now
    house = desk.book.rules.classes
    alone = SERVICE if sending.asks else next((one for one in house if one != SERVICE), OFFER)
    return Intent(
        key=desk.key,
        person=MADE_UP,
        sequence=sending.sequence.name if sending.sequence else "",
        version=0,
        subject=MADE_UP,
        step=send.id if send else "",
        mail=sending.mail,
        class_=send.class_ if send else alone,
        topic=send.topic if send else sending.asks or next(iter(desk.book.topics), ""),
        theme=send.theme if send else "",
        due_at=now,
        decided_at=now,
        valid_until=now,
        day=local_day(now, clock),
        zone=clock.zone.key,
        rung=clock.rung,
        address=reader.person.address,
        variables=given.values,
        variant=desk.variant or given.variant,
    )


def chosen_locale(book: Book, reader: Reader, locale: str) -> Reader:
    """The reader as they are, or had they this locale; MisuseError for what is no locale."""
    if not locale:
        return reader
    if not is_locale(locale):
        raise MisuseError(f"'{locale}' is not a locale; this project has: {', '.join(book.rules.locales)}.")
    return in_locale(reader, locale)


def written_locales(book: Book, mail: str) -> tuple[str, ...]:
    """The locales of a mail, in the house's order."""
    there = book.mails[mail].locales
    house = [locale for locale in book.rules.locales if locale in there]
    return (*house, *sorted(there - set(house)))


def mails_wanted(book: Book, mail: str, sequence: str) -> tuple[str, ...]:
    """One mail, those of a sequence in its order, or every mail by name; MisuseError for names that are not there."""
    if mail:
        refuse_unknown_mail(book, mail)
        return (mail,)
    if not sequence:
        return tuple(sorted(book.mails))
    refuse_unknown_sequence(book, sequence)
    steps = [node.step for node in book.sequences[sequence].nodes.values()]
    return tuple(dict.fromkeys(step.mail for step in steps if isinstance(step, Send)))


def everywhere(
    desk: Desk, mails: tuple[str, ...], reader: Reader, sequence: str = ""
) -> Iterator[tuple[str, str, Preview | Problem]]:
    """Every mail in every locale it is written in: mail, locale, and what came of it."""
    for mail in mails:
        sending = sending_of(desk.book, mail, sequence)
        for locale in written_locales(desk.book, mail):
            yield mail, locale, preview(desk, sending, in_locale(reader, locale))


def refuse_without_store(config: Config) -> None:
    """StateError where no store was made yet; a preview makes none."""
    from nurture.store.probe import Reach, probe

    if probe(config.store_url).reach is Reach.absent:
        raise StateError("there is no store yet, so it holds nobody: `nurture apply`, then `nurture import contacts`.")


def write(root: Path, name: str, html: str) -> Path:
    """Write a page into the project's folder of previews, in place of the one of that name."""
    file = root / FOLDER / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(html, encoding="utf-8")
    return file


def written_to(root: Path, shown: Preview) -> Path:
    """The HTML part as a file that a browser opens as it is."""
    return write(root, shown.name, for_a_browser(shown.email.html, shown.pictures))


def lines(shown: Preview, written: Path | None) -> Iterator[str]:
    """For people, as language.md 11.3 prints it."""
    email, found = shown.email, shown.seen
    yield f"From      {email.from_name} <{email.from_address}>"
    address = f"<{email.to_address}>" if email.to_address else "(no address)"
    yield f"To        {' '.join(part for part in (email.to_name, address) if part)}, {shown.reader}"
    yield f"Subject   {email.subject}  ({found.subject_length} of {found.longest_subject} characters)"
    yield f"Preview   {found.preheader or '(none)'}"
    yield f"Direction {found.direction}, from locale {email.locale}{found.isolation}"
    yield from locale_lines(shown)
    yield f"Topic     {shown.topic or 'none'}   List-Unsubscribe: {found.leaving}"
    yield from sending_lines(shown)
    yield f"Size      {found.sizes}"
    yield f"Links     {found.links_words}"
    yield from (f"          {word}" for word in found.link_faults)
    yield f"Images    {found.images_words}"
    if written is not None:
        yield f"Written to {written}"


def locale_lines(shown: Preview) -> Iterator[str]:
    """Whose language it is, where it is not the one that was asked for."""
    if shown.wanted_locale and shown.wanted_locale != shown.email.locale:
        yield f"Locale    {shown.email.locale}: it is not written in {shown.wanted_locale}"


def sending_lines(shown: Preview) -> Iterator[str]:
    """By which step it goes, and what that step gives it."""
    sending = shown.sending
    if sending.asks:
        yield f"Sent by   topics.yaml: who is asked for {sending.asks} is asked to confirm it, class {shown.class_}"
    elif sending.sequence is None:
        yield "Sent by   no sequence yet; shown with the first class and topic of the house"
    else:
        also = f"; also by {', '.join(sending.others)} (--sequence shows that)" if sending.others else ""
        yield f"Sent by   {sending.sequence.name}, class {shown.class_}{also}"
    for name, value in shown.given.values.items():
        note = shown.given.note(name)
        yield f"With      {name}: {'unknown' if value is None else value}{'   ' * bool(note)}{note}"


def document(shown: Preview, written: Path | None) -> dict[str, object]:
    """For --json: everything there is, the mail whole."""
    email = shown.email
    plain = replace(email, images=())
    return {
        "mail": shown.mail,
        "variant": shown.variant,
        "reader": shown.reader,
        "sequence": shown.sending.sequence.name if shown.sending.sequence else None,
        "also_sent_by": shown.sending.others,
        "class": shown.class_,
        "topic": shown.topic,
        "with": shown.given.values,
        "made_up": shown.given.made_up,
        "samples": shown.given.samples,
        "seen": shown.seen,
        "email": plain,
        "images": [image.name for image in email.images],
        "written": written,
    }
