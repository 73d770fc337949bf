"""Drafts before a person: what waits for approval, how it reads, and approving, rewriting or dropping it (section 15).

A draft is looked at like a mail that leaves: whoever left, refused or was stopped meanwhile gets it no more.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from nurture import observe
from nurture.decide.clock import after, local_day, reader_clock
from nurture.decide.last_look import last_look
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError, RefusedError, StateError
from nurture.engine.preparing import END, as_known
from nurture.engine.short_keys import KEY_SHOWN, key_meant
from nurture.engine.told_late import doubtful
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.decision import Intent, Reason, Why
from nurture.model.length import Length
from nurture.model.mail import Email
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.model.values import dataclass
from nurture.render.mail import render
from nurture.render.rewritten import places, rewritten
from nurture.store.desk import desk
from nurture.store.drafts import APPROVED, DROPPED, EDITED, Settling, Sheet
from nurture.store.outbox_rows import said_of

MOST = 1_000  # drafts that are looked at in one go


@dataclass(frozen=True, slots=True)
class Shown:
    """One draft as people and --json see it. `good_for` counts from its approval; `gone` says why it goes no more."""

    key: str
    person: str
    mail: str
    sequence: str
    approver: str
    since: datetime
    good_for: str
    gone: str = ""

    def lines(self) -> Iterator[str]:
        """`4f2a9c1b8e02  salma  is_it_right_now  since 2027-03-02 10:00 UTC`, and below it for whom and how long."""
        since = f"since {self.since:%Y-%m-%d %H:%M} UTC"
        yield f"  {self.key[:KEY_SHOWN]}  {self.person:<14}  {self.mail:<22}  for {self.approver:<8}  {since}"
        if self.gone:
            yield f"  {'':<{KEY_SHOWN}}  goes no more: {self.gone}"
        elif self.good_for:
            yield f"  {'':<{KEY_SHOWN}}  good for {self.good_for} from its approval"


@dataclass(frozen=True, slots=True)
class Read:
    """A draft as its reader would get it."""

    draft: Shown
    to: str
    subject: str
    text: str

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from (line.strip() for line in self.draft.lines())
        yield f"To:      {self.to}"
        yield f"Subject: {self.subject}"
        yield ""
        yield from self.text.rstrip().splitlines()


def listing(shop: Workshop, live: LiveBook, now: datetime, limit: int) -> tuple[Shown, ...]:
    """What waits for approval, the longest waiting first."""
    sheets = desk(shop.store).drafts.waiting(limit)
    labels = shop.store.labels([one.intent.person for one in sheets])
    refusals = why_not(shop, live.book, sheets, now)
    return tuple(shown(one, labels[one.intent.person], refusals.get(one.intent.key)) for one in sheets)


def shown(one: Sheet, label: str, refusal: Reason | None = None) -> Shown:
    """A draft with what people call its reader."""
    mail, good = one.intent, str(one.valid_for or "")
    gone = said(refusal) if refusal else ""
    return Shown(mail.key, label, mail.mail, mail.sequence, one.approver, one.since, good, gone)


def said(refusal: Reason) -> str:
    """Why it goes no more, for people; of what may be one word, what it is a word for."""
    if refusal.why is Why.suppressed:
        return f"suppressed: {refusal.words}"
    return refusal.words or refusal.why.value


def why_not(shop: Workshop, book: Book, sheets: list[Sheet], now: datetime) -> Mapping[str, Reason]:
    """By key, why a draft must not go any more: the last look, as if it left now."""
    people = known(shop, book, [one.intent.person for one in sheets], now)
    found: dict[str, Reason] = {}
    for one in sheets:
        person, mail = people.get(one.intent.person), replace(one.intent, valid_until=max(now, one.intent.valid_until))
        refused = (
            (Why.cancelled, "nobody is known of that id") if person is None else last_look(book, person, mail, now)
        )
        if refused is not None and refused[0] not in (Why.muted, Why.solemn_day):  # those pass
            found[mail.key] = said_of(mail, refused[0], now, refused[1])
    return found


def known(shop: Workshop, book: Book, ids: list[str], now: datetime) -> Mapping[str, Person]:
    """These people with all that arrived; nothing is kept."""
    found = shop.store.people(ids, END) if ids else []
    return {person.id: as_known(book, person, arrived, now) for person, arrived in found}


def call_off(shop: Workshop, book: Book, now: datetime) -> int:
    """Cancel the drafts that must not go any more, with the reason; how many. For the daemon, now and then."""
    doors = desk(shop.store).drafts
    reasons = why_not(shop, book, doors.waiting(MOST), now)
    done = doors.call_off(reasons, now, book) if reasons else 0
    if done:
        observe.note(observe.DRAFTS_CALLED_OFF, level=logging.INFO, drafts=done)
    return done


def read_draft(shop: Workshop, live: LiveBook, prefix: str, now: datetime) -> Read:
    """How a draft reads; of a gift's code there is only its place. RefusedError when it cannot be written."""
    sheet, person = meant(shop, live.book, prefix, now)
    made = written(
        shop, live, sheet.intent, person, now, (sheet.subject, sheet.body) if sheet.state == EDITED else None
    )
    label = shop.store.labels([person.id])[person.id]
    refusal = why_not(shop, live.book, [sheet], now).get(sheet.intent.key) if sheet.state == "waiting" else None
    return Read(shown(sheet, label, refusal), made.to_address, made.subject, made.text)


def written(
    shop: Workshop, live: LiveBook, mail: Intent, person: Person, now: datetime, edit: tuple[str, str] | None = None
) -> Email:
    """The mail as it would leave; where a gift's code will stand is its name in braces."""
    sample: dict[str, object] = dict(mail.variables)
    for gift in mail.gifts:
        sample |= {gift.code: f"{{{{ {gift.code} }}}}"} if gift.code else {}
        sample |= {gift.expires_on: expiry(live.book, person, gift.valid, now)} if gift.expires_on else {}
    intent, templates = replace(mail, variables=sample), live.templates
    if edit is not None:
        changed = rewritten(live.book, templates, intent, person, *edit)
        if isinstance(changed, Problem):
            raise RefusedError(f"{changed.place}: {changed.message}")
        templates, intent = changed
    made = render(live.book, templates, intent, person, links=shop.links)
    if isinstance(made, Problem):
        raise RefusedError(f"this mail cannot be written: {made.place}: {made.message}")
    return made


def expiry(book: Book, person: Person, valid: Length | None, now: datetime) -> object:
    """The day to which a gift given now would be good."""
    clock = reader_clock(book.rules, person.facts)
    return local_day(after(now, valid, clock) if valid else now, clock)


def approve(
    shop: Workshop, live: LiveBook, prefix: str, who: str, now: datetime, edit: tuple[str, str] | None = None
) -> str:
    """Let a draft go, with `edit` (subject, Markdown) in its place; what was done, in words.

    RefusedError when another was quicker, when its reader must not have it any more, or when it cannot be written.
    """
    sheet, person = meant(shop, live.book, prefix, now)
    mail = sheet.intent
    if sheet.state == "waiting" and (reason := why_not(shop, live.book, [sheet], now).get(mail.key)) is not None:
        desk(shop.store).drafts.call_off({mail.key: reason}, now, live.book)
        raise RefusedError(f"{mail.mail} goes no more, and is cancelled: {said(reason)}.")
    if edit is not None:
        refuse_without_places(mail, edit)
    written(shop, live, mail, person, now, edit)
    until = good_until(live.book, person, sheet, now)
    state, (subject, body) = (APPROVED, ("", "")) if edit is None else (EDITED, edit)
    doubt = doubtful(shop, live.book, [(mail, person)]).get(mail.key)
    done = Settling(mail.key, state, who, now, until, subject, body, released=doubt is None)
    settle(shop, live, sheet, done, f"{state} by {who}")
    stands = f"{mail.mail} to {shop.store.labels([person.id])[person.id]} is {state}"
    good = f"good until {until:%Y-%m-%d %H:%M} UTC"
    if doubt is None:
        return f"{stands}: it goes with the next round, and is {good}"
    return f"{stands}, {good}, and held by {doubt.handover.detail}; nurture release lets it go"


def drop(shop: Workshop, live: LiveBook, prefix: str, who: str, because: str, now: datetime) -> str:
    """A draft is not to go; what was done, in words."""
    sheet, person = meant(shop, live.book, prefix, now)
    settle(shop, live, sheet, Settling(sheet.intent.key, DROPPED, who, now), f"dropped by {who}: {because}")
    return f"{sheet.intent.mail} to {shop.store.labels([person.id])[person.id]} is dropped"


def settle(shop: Workshop, live: LiveBook, sheet: Sheet, done: Settling, words: str) -> None:
    """Keep what a person decided; RefusedError when another was quicker, and who that was."""
    why = Why.dropped if done.state == DROPPED else Why.by_hand
    doors = desk(shop.store).drafts
    if doors.settle(done, live.book, said_of(sheet.intent, why, done.now, words)):
        observe.note(observe.DRAFT_BY_HAND, act=done.state)
        return
    one = doors.one(done.key)
    stood = "gone" if one is None else one.state + (f" by {one.settled_by}" if one.settled_by else "")
    raise RefusedError(f"{done.key[:KEY_SHOWN]} is {stood} already; nothing was changed.")


def refuse_without_places(mail: Intent, edit: tuple[str, str]) -> None:
    """RefusedError for words that leave out the code of the gift that the mail carries: it would be given unseen."""
    for name in places(mail):
        if f"{{{{ {name} }}}}" not in edit[1] and any(gift.code == name for gift in mail.gifts):
            raise RefusedError(f"this mail carries a gift: write {{{{ {name} }}}} where its code is to stand.")


def meant(shop: Workshop, book: Book, prefix: str, now: datetime) -> tuple[Sheet, Person]:
    """The draft whose key begins so, and its reader."""
    doors = desk(shop.store).drafts
    sheet = doors.one(key_meant(doors.keys_like, prefix, "draft", "nurture drafts"))
    if sheet is None:
        raise MisuseError(f"the draft {prefix} is gone.")
    person = known(shop, book, [sheet.intent.person], now).get(sheet.intent.person)
    if person is None:
        raise StateError("what is stored of its reader cannot be read; see person.unreadable in the log.")
    return sheet, person


def good_until(book: Book, person: Person, sheet: Sheet, now: datetime) -> datetime:
    """Until when it is good when it is approved now: `valid_for`, counted on the reader's clock."""
    if sheet.valid_for is None:
        return now + max(timedelta(days=1), sheet.intent.valid_until - sheet.intent.due_at)
    return after(now, sheet.valid_for, reader_clock(book.rules, person.facts))
