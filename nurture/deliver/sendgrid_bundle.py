"""Many mails in one request to SendGrid: what they share is said once, what is a reader's own is put in there.

SendGrid replaces each substitution's tag by its value wherever it stands, in the subject and in the texts, and looks
at what it put in once more. So a tag begins with letters that stand in none of the request's mails: then it can
stand nowhere but where it was put, and each mail arrives as it was rendered, byte by byte.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import field
from hashlib import sha256
from typing import NamedTuple

from nurture.deliver.plain import CannotBeSaid
from nurture.deliver.prepared import woven_of
from nurture.deliver.sendgrid_body import LARGEST, dumped, envelope, filled, shared
from nurture.model.mail import Email, Fate, Handover, Woven, put_in
from nurture.model.values import dataclass

MOST_MAILS = 1000  # personalizations of a request, and readers: each has one
MOST_BYTES = 10_000  # of the substitutions of one reader, as JSON
MOST_VALUES = 10_000  # substitutions of one reader
AIM = 5_000_000  # bytes of a request: more is taken, but a cut costs more
ROUNDS = 5  # so often a refused request goes again without those named, or by halves; then each mail goes alone
TRIES = 5  # of letters that stand in no mail
LETTERS = 4
EDGE = LETTERS + 1  # characters of a pattern beside a value, where letters that begin in the one can end in the other
AROUND = b'{"personalizations":[],'


@dataclass(frozen=True, slots=True)
class Post:
    """One request: its mails, in the order of its personalizations, and the JSON. `round` counts refusals before."""

    mails: tuple[Email, ...] = field(repr=False)
    body: bytes = field(repr=False)
    round: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """The send keys, in the order of the personalizations."""
        return tuple(mail.key for mail in self.mails)


class Own(NamedTuple):
    """A mail, its texts as they are woven, and what is its own as JSON, but for the substitutions."""

    mail: Email
    woven: tuple[Woven, Woven]
    envelope: bytes


def requests(mails: Sequence[Email], each: int, round_: int = 0) -> Iterator[Post | Handover]:
    """Requests of `each` mails at the most; a mail that SendGrid would not take becomes its refusal, in words."""
    groups: dict[Hashable, list[tuple[Email, tuple[Woven, Woven]]]] = {}
    for mail in mails:
        woven = woven_of(mail)
        groups.setdefault(alike(mail, woven), []).append((mail, woven))
    for group in groups.values():
        sayable: list[Own] = []
        for mail, woven in group:
            try:
                sayable.append(own(mail, woven))
            except CannotBeSaid as fault:
                yield Handover(mail.key, Fate.refused, str(fault))
        yield from requests_of(sayable, max(1, min(each, MOST_MAILS)), round_)


def without(refused: Post, left: Sequence[Email]) -> Iterator[Post | Handover]:
    """The requests for the mails that are `left` of a refused one.

    Without those that were named when some were, by halves when none was; after some rounds each goes alone.
    """
    most = len(left) if len(left) < len(refused.mails) else (len(left) + 1) // 2
    yield from requests(left, 1 if refused.round >= ROUNDS else most, refused.round + 1)


def alike(mail: Email, woven: tuple[Woven, Woven]) -> Hashable:
    """What mails of one request have in common: sender, categories, pictures, tracking, and the patterns."""
    sender = (mail.from_name, mail.from_address, mail.reply_to)
    return sender, mail.categories, mail.images, mail.tracked, woven[0].pattern, woven[1].pattern


def own(mail: Email, woven: tuple[Woven, Woven]) -> Own:
    """A mail of which SendGrid would take what is its own; CannotBeSaid otherwise."""
    text, html = woven
    filled("said" if text.says_something else "", "the text")
    filled("said" if html.says_something else "", "the HTML")
    return Own(mail, woven, dumped(envelope(mail)))


def requests_of(alikes: Sequence[Own], each: int, round_: int) -> Iterator[Post | Handover]:
    """Requests for mails that have everything in common."""
    waiting = list(alikes)
    while waiting:
        chosen, others = chosen_of(waiting, each)
        made, left = bundle(chosen, round_) if len(chosen) > 1 else ([alone(chosen[0].mail, round_)], [])
        yield from made
        waiting = left + others


def chosen_of(waiting: Sequence[Own], each: int) -> tuple[list[Own], list[Own]]:
    """The first that may travel together, each address once; and the others."""
    chosen: list[Own] = []
    others: list[Own] = []
    addresses: set[str] = set()
    for one in waiting:
        address = one.mail.to_address.casefold()
        if len(chosen) < each and address not in addresses:
            addresses.add(address)
            chosen.append(one)
        else:
            others.append(one)
    return chosen, others


def alone(mail: Email, round_: int) -> Post | Handover:
    """One mail, whole, in a request of its own."""
    try:
        return Post((mail,), joined([dumped(envelope(mail))], dumped(dict(shared(mail, mail.text, mail.html)))), round_)
    except CannotBeSaid as fault:
        return Handover(mail.key, Fate.refused, str(fault))


def bundle(chosen: Sequence[Own], round_: int) -> tuple[list[Post | Handover], list[Own]]:
    """A request for these mails, and one for each that does not fit in; and those left for requests after it."""
    letters = free_letters(chosen)
    subject, chosen = one_subject(chosen)
    (text, html), values = sewn([one.woven for one in chosen], letters)
    try:
        rest = dumped(dict(shared(chosen[0].mail, text, html)) | subject)
    except CannotBeSaid:
        letters = ""
    if not letters:
        return [alone(one.mail, round_) for one in chosen], []  # which says of each what cannot be said
    room = (AIM if len(rest) <= AIM // 2 else LARGEST) - len(rest) - len(AROUND)
    together: list[tuple[Email, bytes]] = []
    apart: list[Email] = []
    for place, one in enumerate(chosen):
        person = person_of(one, values[place])
        if person is None or (len(person) >= room and not together):
            apart.append(one.mail)
        elif len(person) >= room:
            return [*bundled(together, rest, round_), *(alone(mail, round_) for mail in apart)], list(chosen[place:])
        else:
            room -= len(person) + 1
            together.append((one.mail, person))
    return [*bundled(together, rest, round_), *(alone(mail, round_) for mail in apart)], []


def one_subject(chosen: Sequence[Own]) -> tuple[dict[str, str], Sequence[Own]]:
    """The subject that all of them have, to be said once, and the mails without it; nothing where they differ."""
    subject = chosen[0].mail.subject
    if any(one.mail.subject != subject for one in chosen):
        return {}, chosen
    said = b"," + dumped({"subject": subject})[1:-1]  # no text in JSON holds it: its quotation marks would be escaped
    return {"subject": subject}, [one._replace(envelope=one.envelope.replace(said, b"", 1)) for one in chosen]


def bundled(together: Sequence[tuple[Email, bytes]], rest: bytes, round_: int) -> Iterator[Post | Handover]:
    """The request for these mails with their personalizations; one that is left by itself goes whole."""
    if len(together) == 1:
        yield alone(together[0][0], round_)
    elif together:
        yield Post(tuple(mail for mail, _ in together), joined([person for _, person in together], rest), round_)


def person_of(one: Own, values: dict[str, str]) -> bytes | None:
    """A personalization as JSON, with what SendGrid is to put in; None where that is more than it takes."""
    if not values:
        return one.envelope
    substitutions = dumped(values)
    if len(substitutions) > MOST_BYTES or len(values) > MOST_VALUES:
        return None
    return one.envelope[:-1] + b',"substitutions":' + substitutions + b"}"


class Sewn(NamedTuple):
    """Texts with tags where mails differ, and for each mail what stands at each tag."""

    texts: tuple[str, ...]
    values: list[dict[str, str]]


def sewn(mails: Sequence[Sequence[Woven]], letters: str) -> Sewn:
    """Text and HTML of mails of one pattern, with tags; what is the same in all stands in them.

    What goes together in every mail has one tag, in text and HTML alike: SendGrid replaces a tag in both.
    """
    tags: dict[tuple[str, ...], str] = {}
    texts = tuple(tagged(same, letters, tags) for same in zip(*mails, strict=True))
    return Sewn(texts, [{tag: values[place] for values, tag in tags.items()} for place in range(len(mails))])


def tagged(texts: Sequence[Woven], letters: str, tags: dict[tuple[str, ...], str]) -> str:
    """One text for all of them; `tags` are those that there are, by what stands at them, and get the new ones."""
    parts = [texts[0].pattern[0]]
    for values, shared_part in zip(zip(*(one.values for one in texts), strict=True), texts[0].pattern[1:], strict=True):
        if len(set(values)) == 1:
            parts += (values[0], shared_part)
        else:
            start = beginning(values)
            own_values = tuple(value[len(start) :] for value in values) if start else values
            parts += (start, tags.setdefault(own_values, f"-{letters}t{len(tags):x}-"), shared_part)
    return "".join(parts)


def beginning(values: Sequence[str]) -> str:
    """What all values begin with, but for its last letter where one of them would be left empty."""
    first, last = min(values), max(values)
    found = first[: next((at for at, letter in enumerate(first) if letter != last[at : at + 1]), len(first))]
    return found[:-1] if found in values else found


def free_letters(mails: Sequence[Own]) -> str:
    """Letters that stand in none of these mails, nor in what is said of them; empty when none were found.

    No dice: they follow from the send keys. A tag is `-`, these letters, more of them, `-`; since no `-` is in the
    letters, they can stand nowhere across the edge of a tag either.
    """
    keys = "\n".join(one.mail.key for one in mails)
    patterns = [one.pattern for one in mails[0].woven]
    shared_words = "\0".join(piece for pattern in patterns for piece in pattern)
    edges = [edges_of(pattern) for pattern in patterns]
    for attempt in range(TRIES):
        letters = "nv" + sha256(f"{attempt}\n{keys}".encode()).hexdigest()[:LETTERS]
        if letters not in shared_words and not stands_in(letters, mails, edges):
            return letters
    return ""


def edges_of(pattern: Sequence[str]) -> tuple[str, ...]:
    """A pattern without what is far from its values: letters that stand across an edge are all that is left."""
    return tuple(f"{piece[:EDGE]}\0{piece[-EDGE:]}" if len(piece) > 2 * EDGE else piece for piece in pattern)


def stands_in(letters: str, mails: Sequence[Own], edges: Sequence[tuple[str, ...]]) -> bool:
    """Whether letters stand anywhere in these mails but in their patterns; all are looked through at once."""
    text, html = edges
    said: list[str] = []
    for one in mails:
        mail, (ours, page) = one.mail, one.woven
        said += ("\0", *put_in(text, ours.values), "\0", *put_in(html, page.values))
        said += ("\0", mail.subject, "\0", mail.from_name, "\0", mail.reply_to)
    return letters in "".join(said) or letters.encode() in b"\n".join([one.envelope for one in mails])


def joined(people: Sequence[bytes], rest: bytes) -> bytes:
    """The body of a request; CannotBeSaid when it is larger than SendGrid takes."""
    body = b'{"personalizations":[' + b",".join(people) + b"]," + rest[1:]
    if len(body) >= LARGEST:
        raise CannotBeSaid(f"the mail is {len(body) / 1e6:.1f} MB with its pictures; SendGrid takes less than 30 MB")
    return body
