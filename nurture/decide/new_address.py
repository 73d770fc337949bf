"""A reader asks for another address: a mail to the new one to confirm it, and a notice to the old one.

Both are service: they answer a wish, and concern nothing that could be left. What the new address is to others (barred,
somebody else's, asked for too often) the shell looks up as it records the wish, in the field `barred`; the reader is
told the same whatever it says, and `explain` tells the shop.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from nurture.decide.consent import DEAD_ADDRESSES
from nurture.decide.consents import by_reader
from nurture.decide.draft import Draft
from nurture.model.decision import Intent, Why
from nurture.model.event import Event
from nurture.model.new_address import ADDRESS_NOTICE, GOOD_FOR, NEW_ADDRESS, OWN_MAILS
from nurture.model.person import Message

SERVICE = "service"
STEPS = {NEW_ADDRESS: "new_address", ADDRESS_NOTICE: "address_notice"}
BARRED = {
    "suppressed": (Why.suppressed, "the new address is on the list of suppressions"),
    "refused": (Why.no_consent, "everything was refused at the new address"),
    "another": (Why.already, "the new address is another contact's; if they are one: nurture merge"),
    "often": (Why.capped, "the new address was asked for too often today"),
    "disowned": (Why.no_consent, "they said lately that it is not they who ask"),
}
"""Why nothing goes to a new address, by the word of the shell."""


def ask(draft: Draft, event: Event, now: datetime) -> None:
    """What comes of one wish: the two mails, or the reasons why there is none."""
    wanted = str(event.fields.get("address", ""))
    for mail, address, found in ways(draft, event, wanted, now):
        if found is None:
            _send(draft, mail, address, event, now)
        else:
            draft.note(found[0], now, words=found[1], step=STEPS[mail], mail=mail, due_at=now)


def ways(draft: Draft, event: Event, wanted: str, now: datetime) -> Iterator[tuple[str, str, tuple[Why, str] | None]]:
    """Each mail, its address, and why it does not go; the old address hears of it whatever the new one is."""
    common = hindered(draft, event, wanted, now)
    yield NEW_ADDRESS, wanted, common or BARRED.get(str(event.fields.get("barred", "")))
    if draft.address:
        quiet = BARRED["disowned"] if event.fields.get("barred") == "disowned" else None
        yield ADDRESS_NOTICE, draft.address, common or quiet or unreached(draft)


def hindered(draft: Draft, event: Event, wanted: str, now: datetime) -> tuple[Why, str] | None:
    """Why a wish leads to nothing at all."""
    if draft.erased or draft.suppressed:
        return Why.suppressed, draft.suppressed or "erased"
    if not by_reader(event):
        return Why.not_asked, "it is not they who ask for another address"
    if now - event.happened_at > GOOD_FOR:
        return Why.too_old, f"asked for another address on {event.happened_at:%Y-%m-%d}"
    if wanted.casefold() == draft.address.casefold():
        return Why.already, "it is their address already"
    return None


def unreached(draft: Draft) -> tuple[Why, str] | None:
    """Why nothing can be said to the old address."""
    if draft.address_state in DEAD_ADDRESSES:
        return Why.no_address, f"the address is {draft.address_state}"
    return None


def is_own(intent: Intent) -> bool:
    """Whether a mail is one of these two: they go by rules of their own."""
    return not intent.sequence and intent.mail in OWN_MAILS


def last_word(draft: Draft, intent: Intent) -> tuple[Why, str] | None:
    """Why one of these mails does not go after all, at its last look; None when it goes.

    That the address changed since says nothing against them: the old one hears of it, late or not.
    """
    if draft.erased or draft.suppressed:
        return Why.suppressed, draft.suppressed or "erased"
    if intent.mail == ADDRESS_NOTICE and intent.address == draft.address:
        return unreached(draft)
    return None


def _send(draft: Draft, mail: str, address: str, event: Event, now: datetime) -> None:
    """The intent, which goes at once; its key follows from the wish, so that one wish is one mail to each."""
    parts = (draft.book.rules.project, draft.id, STEPS[mail], event.id)
    key, day, step = sha256("\x1f".join(parts).encode()).hexdigest(), draft.today(now), STEPS[mail]
    draft.messages = (*draft.messages, Message(key, "", event.id, step, mail, SERVICE, "", now, now, day, address))
    draft.changed.add("messages")
    clock = draft.clock
    intent = Intent(
        key, draft.id, "", 0, event.id, step, mail, SERVICE, "", "", now, now, now + GOOD_FOR, day, clock.zone.key,
        clock.rung, address,
    )  # fmt: skip
    draft.intents.append(intent)
    words = "asks to confirm the new address" if mail == NEW_ADDRESS else "tells the old address of the wish"
    draft.note(Why.sent, now, words=words, step=step, mail=mail, due_at=now)
