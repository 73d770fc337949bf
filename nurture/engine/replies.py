"""What readers wrote, before the shop's people: listed, shown whole, answered; and raw mails read from files."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from nurture.decide.replies import judged
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.letters import RAW, answered, done, topics_known, whole_letter
from nurture.engine.shop_day import today
from nurture.engine.taking import take_received
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.letter import Kind, Letter
from nurture.model.values import dataclass
from nurture.store.desk import desk
from nurture.store.replies import Reply

LONGEST_LINE = 60  # characters of subject and words in a list
LARGEST = 40 * 1024 * 1024  # bytes of one raw mail


@dataclass(frozen=True, slots=True)
class Shown:
    """One letter as people and --json see it. `to` and `due_on` are of its task, days are the shop's."""

    number: int
    on: date
    kind: str
    about: str
    subject: str
    words: str
    mail: str
    task: str
    to: str
    due_on: date | None
    late: int
    done_by: str

    def line(self) -> str:
        """`   7  Tue 2 Mar  question  salma  “Re: Welcome”: How do I keep the beans?  for owner, due Thu 4 Mar`."""
        said = f"“{self.subject}”: {' '.join(self.words.split())}" if self.words else f"“{self.subject}”"
        said = said if len(said) <= LONGEST_LINE else f"{said[:LONGEST_LINE]}…"
        return f"  {self.number:>5}  {day(self.on):<10}  {self.kind:<9}  {self.about:<20}  {said}{self.whose}".rstrip()

    @property
    def whose(self) -> str:
        """Who has to answer and by when; nothing where nobody has."""
        if self.done_by:
            return f"  done by {self.done_by}"
        if self.due_on is None:
            return ""
        late = f", {self.late} day{'' if self.late == 1 else 's'} late" if self.late > 0 else ""
        return f"  for {self.to or 'nobody named'}, due {day(self.due_on)}{late}"


@dataclass(frozen=True, slots=True)
class Listing:
    """Letters, the newest first."""

    letters: tuple[Shown, ...]
    everything: bool

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.letters:
            yield "Nobody has written." if self.everything else "No letter waits for an answer."
            return
        yield f"{len(self.letters):,} letter{'' if len(self.letters) == 1 else 's'}"
        yield from (one.line() for one in self.letters)


@dataclass(frozen=True, slots=True)
class Opened:
    """One letter, whole. `because` says why it is held for its kind; `text` has what it quotes too."""

    reply: Shown
    because: str
    text: str
    spf: str
    dkim: str
    attachments: int

    def lines(self) -> Iterator[str]:
        """For people."""
        yield self.reply.line().strip()
        if self.because:
            yield f"  {self.reply.kind}: {self.because}"
        if self.reply.mail:
            yield f"  it answers the mail {self.reply.mail[:12]}"
        found = [f"SPF {self.spf}" if self.spf else "", f"DKIM {self.dkim}" if self.dkim else ""]
        found += [f"{self.attachments} attached, in the raw mail only" if self.attachments else ""]
        if any(found):
            yield f"  {', '.join(filter(None, found))}"
        yield ""
        yield from (f"  {line}" for line in self.reply.words.splitlines())


@dataclass(frozen=True, slots=True)
class Read:
    """What reading raw mails brought: how many letters of each kind are new, how many were known, or no letters."""

    kinds: dict[str, int]
    known: int
    unreadable: int

    def lines(self) -> Iterator[str]:
        """For people."""
        count = sum(self.kinds.values())
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in self.kinds.items())
        yield f"{count:,} new letter{'' if count == 1 else 's'}" + (f": {kinds}" if kinds else "")
        if self.known:
            yield f"{self.known:,} {'was' if self.known == 1 else 'were'} known already"
        if self.unreadable:
            yield f"{self.unreadable:,} could not be taken in; `nurture received` says why"


def day(on: date) -> str:
    """`Tue 2 Mar`."""
    return f"{on:%a} {on.day} {on:%b}"


def listing(shop: Workshop, book: Book, now: datetime, limit: int, everything: bool) -> Listing:
    """What waits for a person, the newest first; with `everything` every letter, also what is automatic."""
    found = desk(shop.store).replies.newest(limit, only_open=not everything)
    return Listing(shown_all(shop, book, found, now), everything)


def shown_all(shop: Workshop, book: Book, replies: list[Reply], now: datetime) -> tuple[Shown, ...]:
    """Letters with what people call their writers."""
    labels = shop.store.labels([one.person for one in replies if one.person])
    return tuple(shown(book, one, labels.get(one.person, one.address or "nobody known"), now) for one in replies)


def shown(book: Book, one: Reply, label: str, now: datetime) -> Shown:
    """One letter."""
    late = (today(book.rules, now) - one.due_on).days if one.open and one.due_on else 0
    on = one.at.astimezone(ZoneInfo(book.rules.zone)).date()
    return Shown(
        one.number, on, one.kind, label, one.subject, one.words, one.key, one.task if one.due_on else "", one.owner,
        one.due_on, max(0, late), one.done_by,
    )  # fmt: skip


def opened(shop: Workshop, book: Book, number: int, now: datetime) -> Opened:
    """One letter, whole, read anew from its post. MisuseError for a number that no letter has."""
    one = letter_of(shop, number)
    ((found,), letter) = shown_all(shop, book, [one], now), whole_letter(shop, one)
    if letter is None:
        return Opened(found, "", "", "", "", 0)
    return Opened(found, why(book, letter, one), letter.text, letter.spf, letter.dkim, letter.attachments)


def why(book: Book, letter: Letter, one: Reply) -> str:
    """Why a letter is held for what it is; nothing where today's words would judge it otherwise."""
    found = judged(letter, topics_known(book), book.rules.replies.words)
    return found.because if found.kind.value == one.kind else ""


def letter_of(shop: Workshop, number: int) -> Reply:
    """The letter of that number; MisuseError when there is none."""
    one = desk(shop.store).replies.one(number)
    if one is None:
        raise MisuseError(f"there is no letter {number}; `nurture replies --all` lists them.")
    return one


def finish(shop: Workshop, book: Book, number: int, who: str, words: str, now: datetime) -> str:
    """Somebody answered a letter; in words. RefusedError when nothing is to be done about it."""
    one = letter_of(shop, number)
    if one.due_on is None:
        raise RefusedError(f"letter {number} waits for nobody: it is {one.kind}.")
    events = answered(shop, book, one)
    if not done(shop, book, one, who, words, now):
        raise RefusedError(f"letter {number} is done by {one.done_by} already.")
    resolved = "the complaint is resolved" if one.kind == Kind.complaint.value else "it is answered"
    more = "".join(f"; {resolved} ({event.name})" for event in events)
    return f"done by {who}: letter {number}, “{one.subject}”{more}"


# Raw mails from files


def read(shop: Workshop, live: LiveBook, source: str, piped: BinaryIO, now: datetime) -> Read:
    """Take in raw mails: a file, a folder of them or a Maildir, or `-` for the one that is `piped`.

    As often as somebody likes: a letter that is known changes nothing. MisuseError for what is not there.
    """
    bodies, unreadable, kinds, new = list(raw_mails(source, piped)), 0, Counter[str](), 0
    for body in bodies:
        new += shop.store.received.keep(RAW, body, {}, now)
    before = desk(shop.store).replies.highest()
    unreadable = take_received(shop, live, now, most=max(new, 1) + WAITING)["unreadable"]
    for one in desk(shop.store).replies.newest(new) if new else []:
        kinds[one.kind] += one.number > before
    kinds += Counter()
    return Read(dict(sorted(kinds.items())), len(bodies) - sum(kinds.values()) - unreadable, unreadable)


WAITING = 10_000  # posts of others that are taken in along with them, at the most


def raw_mails(source: str, piped: BinaryIO) -> Iterator[bytes]:
    """Each mail, as its bytes."""
    if source == "-":
        yield piped.read(LARGEST)
        return
    path = Path(source)
    if not path.exists():
        raise MisuseError(f"there is no file or folder '{source}'.")
    for one in files_in(path) if path.is_dir() else [path]:
        with one.open("rb") as file:
            yield file.read(LARGEST)


def files_in(folder: Path) -> list[Path]:
    """The mails of a folder: `*.eml`, and what a Maildir holds in `new` and `cur`."""
    maildir = [one for name in ("new", "cur") for one in (folder / name).glob("*") if one.is_file()]
    return sorted([*folder.glob("*.eml"), *maildir])
