"""Reading the letters that came in: who wrote, what kind it is, what follows from it, and who is to answer.

A letter proves nothing about who sent it. So a stop is believed, since a forged one only spares somebody mail, and
nothing else is changed by one: no address, no fact, no consent given.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from nurture import observe
from nurture.decide.replies import judged
from nurture.decide.shop import due_on
from nurture.deliver.letter import letter_of_post, letter_of_raw
from nurture.engine.applying import LiveBook
from nurture.engine.reports import REPORT, take_report
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.event import CONSENT_REFUSED, MAIL_REPLIED
from nurture.model.letter import Judged, Kind, Letter
from nurture.model.rules import Answer
from nurture.store.desk import desk
from nurture.store.received import Received
from nurture.store.replies import Chore, Replies, Reply, Writer
from nurture.store.rows import ConsentRow
from nurture.store.said import Said

POSTED, RAW = "sendgrid.mail", "mail"
READS: Mapping[str, Callable[[Received], Letter]] = {
    POSTED: lambda raw: letter_of_post(raw.headers.get("Content-Type", ""), raw.body),
    RAW: lambda raw: letter_of_raw(raw.body),
}
COMPLAINT = Answer(event="complaint.opened", answered="complaint.resolved")
BASIS, READER, LETTER = "by a letter", "reader", "letter"
TICKET = "letter-"  # so begins what a complaint by letter is known by
LONGEST_WORDING = 1_000  # characters
SHOWN_OF_WORDS = 300  # characters in the text of a task


def take_letter(shop: Workshop, live: LiveBook, raw: Received, now: datetime) -> None:
    """Take one letter in; a second time it changes nothing. It never refuses one: whatever it is, a person can look."""
    book, letter = live.book, READS[raw.source](raw)
    if REPORT in letter.automatic:
        take_report(shop, raw, now)
    found = judged(letter, topics_known(book), book.rules.replies.words)
    replies = desk(shop.store).replies
    writer = replies.writer(letter.answers, letter.from_address)
    unknown = not writer.person
    if unknown and found.kind is Kind.stop:
        writer = stranger(shop, replies, letter, raw.at, now)
    one = reply_of(raw, letter, writer, found)
    chore = chore_of(book, letter, writer, found, now)
    waits = bool(writer.person and replies.waiting_of(writer.person, one.kind))
    said = [
        word
        for word in following(book, letter, writer, found, one, waits)
        if not unknown or word.name != CONSENT_REFUSED
    ]
    if replies.keep(one, said, chore, now):
        known, answers = bool(writer.person), bool(writer.key)
        observe.note(observe.LETTER_TAKEN, kind=found.kind.value, known=known, answers=answers)


def topics_known(book: Book) -> tuple[str, ...]:
    """Every topic that a mail could ever be left by: today's, and former names of them."""
    return (*book.topics, *book.renamed.get("topic", {}), *(one.was for one in book.topics.values() if one.was))


def reply_of(raw: Received, letter: Letter, writer: Writer, found: Judged) -> Reply:
    """The letter as it is kept."""
    return Reply(
        raw.number, raw.at, writer.person, letter.from_address, writer.key, found.kind.value, letter.subject,
        letter.words, letter_key(raw, letter),
    )  # fmt: skip


def letter_key(raw: Received, letter: Letter) -> str:
    """What a letter is known by, in whatever post it comes: by its message id and all that it says."""
    parts = (letter.message_id or str(raw.number), letter.from_address, letter.subject, letter.words)
    return sha256("\x1f".join(parts).encode()).hexdigest()


def stranger(shop: Workshop, replies: Replies, letter: Letter, at: datetime, now: datetime) -> Writer:
    """Whoever has an address that nobody has, and wants no mail: kept as a contact who refused, should it be imported.

    Nobody, where it is no address.
    """
    if letter.from_address:
        row = ConsentRow(
            address=letter.from_address, given=False, at=at, basis=BASIS, by=READER, wording=wording_of(letter)
        )  # fmt: skip
        shop.store.importing(now, "letters").take([row], lambda *_refused: None)
    return replies.writer((), letter.from_address)


# What follows


def following(
    book: Book, letter: Letter, writer: Writer, found: Judged, one: Reply, waits: bool = False
) -> Iterator[Said]:
    """What is recorded of the person: their stop, that they wrote, and the event that such a letter is.

    While another of theirs `waits` for its answer, one more of that kind belongs to it and is no event: so whoever
    writes often, forges letters, or answers each of our answers by a machine gets one mail for it and not hundreds.
    """
    if not writer.person:
        return
    if found.kind is Kind.stop:
        yield refusal(book, letter, writer, found, one)
    if found.kind is not Kind.automatic and not letter.automatic:
        fields = {"key": writer.key, "kind": found.kind.value}
        yield Said(writer.person, MAIL_REPLIED, (one.task,), fields, outside_id=writer.key, at=one.at)
        event = answer_of(book, found.kind).event
        if event and not waits:
            told = {**told_of(one), "about": letter.subject, "mail": writer.mail, "sequence": writer.sequence}
            known = declared(book, event, told)
            yield Said(writer.person, event, (one.task,), known, ticket(one), fresh=True, at=one.at)


def refusal(book: Book, letter: Letter, writer: Writer, found: Judged, one: Reply) -> Said:
    """The reader's stop: of the topic that they name or that the mail had, else, or when they say so, of everything."""
    topic = found.topic or ("" if found.everything else writer.topic)
    topics = topics_meant(book, topic) if topic else ()
    fields = {"topics": topics, "basis": BASIS, "wording": wording_of(letter), "by": READER}
    return Said(writer.person, CONSENT_REFUSED, (one.task, *topics), fields, outside_id=writer.key)


def wording_of(letter: Letter) -> str:
    """What they said, as proof."""
    return (letter.words or letter.subject)[:LONGEST_WORDING]


def topics_meant(book: Book, topic: str) -> tuple[str, ...]:
    """The topic, and what it is called today if it was renamed; a removed one is refused under its old name."""
    today = book.renamed.get("topic", {}).get(topic, topic)
    renamed = (today, *(one.id for one in book.topics.values() if one.was in (topic, today)))
    return tuple(dict.fromkeys((topic, *renamed)))


def answer_of(book: Book, kind: Kind) -> Answer:
    """What rules.yaml says of letters of that kind; a complaint opens and resolves one, where the catalogue can."""
    known, said = book.catalogue.events, book.rules.replies.of(kind)
    if kind is not Kind.complaint:
        return said
    event = said.event or (COMPLAINT.event if COMPLAINT.event in known else "")
    usual = COMPLAINT.answered if event == COMPLAINT.event and COMPLAINT.answered in known else ""
    return replace(said, event=event, answered=said.answered or usual)


def told_of(one: Reply) -> dict[str, str]:
    """What the events of a letter, and of its answer, are told."""
    return {"ticket": ticket(one), "kind": one.kind, "by": LETTER}


def declared(book: Book, event: str, told: Mapping[str, str]) -> dict[str, object]:
    """Those fields that the catalogue declares as text."""
    known = book.catalogue.events[event]
    return {name: value for name, value in told.items() if name in known and known[name].type == "text"}


def ticket(one: Reply) -> str:
    """By what a complaint is known, as the shop's own tickets are."""
    return f"{TICKET}{one.task[:12]}"


# Who answers


def chore_of(book: Book, letter: Letter, writer: Writer, found: Judged, now: datetime) -> Chore | None:
    """What a person of the shop has to do: nothing about what is automatic, or about a stop that was taken in."""
    if found.kind is Kind.automatic or (found.kind is Kind.stop and writer.person):
        return None
    said = book.rules.replies.of(found.kind)
    due = due_on(book.rules, said.due or book.rules.replies.due, now)
    return Chore(chore_text(letter, writer, found), said.to or answers_letters(book), due)


def answers_letters(book: Book) -> str:
    """Who of rules.people gets letters: whom `replies` names, else the owner, else the first named."""
    names = [name for name, _ in book.rules.people]
    return book.rules.replies.to or ("owner" if "owner" in names else next(iter(names), ""))


def chore_text(letter: Letter, writer: Writer, found: Judged) -> str:
    """`Answer a question: "Re: Welcome": how do I store the beans?`; who wrote, only where no contact has it."""
    words = " ".join(letter.words.split())
    shown = words if len(words) <= SHOWN_OF_WORDS else f"{words[:SHOWN_OF_WORDS]}…"
    who = "" if writer.person else f" of {letter.from_address or 'somebody without an address'}, no contact"
    attached = f" ({letter.attachments} attached)" if letter.attachments else ""
    return f"{DOES[found.kind]}{who}: “{letter.subject or 'no subject'}”: {shown or 'no words'}{attached}"


DOES = {
    Kind.stop: "Find out who wants no more mail",
    Kind.complaint: "Answer a complaint",
    Kind.question: "Answer a question",
    Kind.praise: "Thank for a kind letter",
    Kind.other: "Read a letter",
}


def done(shop: Workshop, book: Book, one: Reply, who: str, words: str, now: datetime) -> bool:
    """A person did what was to do about a letter; its answer is recorded as an event. False when it was done before."""
    return desk(shop.store).tasks.finish(one.task, who, words, now, answered(shop, book, one))


def answered(shop: Workshop, book: Book, one: Reply | None) -> tuple[Said, ...]:
    """The event that the answer of a letter is, told the ticket of the letter that began it.

    None where rules.yaml names none, no contact wrote it, or more letters of theirs of that kind wait.
    """
    said = answer_of(book, Kind(one.kind)) if one is not None and one.person else Answer()
    if one is None or not said.answered:
        return ()
    replies = desk(shop.store).replies
    if any(other.number != one.number for other in replies.waiting_of(one.person, one.kind)):
        return ()
    begun = replies.last_told(one.person, said.event, TICKET) or ticket(one)
    fields = declared(book, said.answered, {**told_of(one), "ticket": begun})
    return (Said(one.person, said.answered, (one.task,), fields, begun, fresh=True),)


def whole_letter(shop: Workshop, one: Reply) -> Letter | None:
    """The letter as it was written, from its post; None when that is not kept any more."""
    raw = shop.store.received.one(one.received)
    return None if raw is None or not raw.body else READS[raw.source](raw)
