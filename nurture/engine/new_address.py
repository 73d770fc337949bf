"""A change of address by the reader: asked for on the page of choices, confirmed at the new one, disowned at the old.

How a wish stands follows from the events alone. Nothing is changed without a POST by the link that went to the new
address; it is good for three days and for one change, and a newer wish replaces an older. Whoever reads at the old
address can take it back for 30 days, and with it all that was asked for and changed by such wishes since.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum

from nurture.engine.workshop import Workshop
from nurture.links import DISOWN, Token
from nurture.model import event as names
from nurture.model.event import READER, Event
from nurture.model.new_address import GOOD_FOR, UNDONE_WITHIN
from nurture.model.values import dataclass
from nurture.render.pages import Button, House, Kind, View, shown_words
from nurture.store.new_address import NewAddresses
from nurture.store.said import Said

CONFIRM, DISOWNED = "confirm", "disown"
HOW = "confirmed at the new address"
BACK = "taken back at the old address"


class Stand(Enum):
    """How a wish for another address stands."""

    open = "open"
    done = "done"
    gone = "gone"


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish for another address, with all that was said of it since; `person` as they are called today."""

    person: str
    event: Event
    history: Sequence[Event]

    @property
    def address(self) -> str:
        """The one that is asked for."""
        return str(self.event.fields.get("address", ""))

    @property
    def before(self) -> str:
        """The one they had as they asked; empty for none."""
        return str(self.event.fields.get("from", ""))

    @property
    def done_at(self) -> datetime | None:
        """When it was confirmed."""
        return next((one.known_at for one in self._about(names.ADDRESS_ADDED, HOW)), None)

    @property
    def disowned_at(self) -> frozenset[str]:
        """The addresses that said that it was not they, of this wish, of one before it, or of another from there."""
        wishes = {one.id: one for one in self.history if one.name == names.ADDRESS_ASKED}
        said = (wishes.get(str(one.fields.get("asked"))) for one in self.since if one.name == names.ADDRESS_KEPT)
        known = ((one.number, str(one.fields.get("from", ""))) for one in said if one is not None)
        return frozenset(at for number, at in known if number <= self.event.number or at == self.before)

    @property
    def moves(self) -> Sequence[Event]:
        """Every other address since, whoever told of it."""
        return [one for one in self.since if one.name == names.ADDRESS_ADDED]

    def may_be_disowned(self, now: datetime) -> bool:
        """Whether the old address may still say that it was not they: only wishes moved this person since, and lately.

        Were it but the last wish that is taken back, whoever asks twice would keep what they took.
        """
        moves = self.moves
        return not moves or (all(one.fields.get("asked") for one in moves) and now - moves[0].known_at <= UNDONE_WITHIN)

    def stand(self, now: datetime) -> Stand:
        """How it stands, what the new address is to others apart."""
        if self.disowned_at:
            return Stand.gone
        moves = self.moves
        if self.done_at is not None:
            return Stand.done if moves[-1].fields.get("asked") == self.event.id else Stand.gone
        replaced = bool(moves) or any(one.name == names.ADDRESS_ASKED for one in self.since)
        late = now - self.event.known_at > GOOD_FOR
        return Stand.gone if replaced or late or self.event.fields.get("barred") else Stand.open

    @property
    def since(self) -> Sequence[Event]:
        """What came after it."""
        return [one for one in self.history if one.number > self.event.number]

    def _about(self, name: str, how: str = "") -> Iterator[Event]:
        for one in self.since:
            if one.name == name and one.fields.get("asked") == self.event.id and how in ("", one.fields.get("how")):
                yield one


def doors(shop: Workshop) -> NewAddresses:
    """The doors of an open project."""
    return NewAddresses(shop.store.database, shop.store.id, shop.store.outbox.remember)


def wish_of(shop: Workshop, person: str, asked: str) -> Wish | None:
    """A wish by its id; None when they never had it."""
    history = shop.store.histories([person])[person]
    known = next((one for one in history if one.id == asked and one.name == names.ADDRESS_ASKED), None)
    return Wish(person, known, history) if known is not None else None


def may_be_sent(shop: Workshop, person: str, asked: str, now: datetime) -> bool:
    """Whether the mail to the new address may go: asked once more as it leaves."""
    wish = wish_of(shop, person, asked)
    return wish is not None and wish.stand(now) is Stand.open and not doors(shop).stands(person, wish.address)


def view_of(shop: Workshop, token: Token, locales: tuple[str, ...], now: datetime) -> View:
    """What the link of either mail shows now."""
    wish = wish_of(shop, token.person, token.subject)
    if token.purpose == DISOWN:
        return _old(wish, locales, now)
    stand = wish.stand(now) if wish is not None else Stand.gone
    if wish is None or stand is Stand.gone or (stand is Stand.open and doors(shop).stands(wish.person, wish.address)):
        return View(Kind.stale, locales)
    if stand is Stand.done:
        return View(Kind.moved, locales)
    return View(Kind.moving, locales, buttons=(Button(CONFIRM, "moving_button", quiet=False),))


def _old(wish: Wish | None, locales: tuple[str, ...], now: datetime) -> View:
    """The page of the old address: also while the wish is open, and for a while after it was fulfilled."""
    if wish is None:
        return View(Kind.stale, locales)
    if wish.before in wish.disowned_at:
        return View(Kind.disowned, locales)
    if wish.disowned_at or not wish.may_be_disowned(now):
        return View(Kind.closed, locales)
    return View(Kind.disown, locales, buttons=(Button(DISOWNED, "disown_button", quiet=False),))


def act(
    shop: Workshop, token: Token, do: str, locales: tuple[str, ...], house: House, now: datetime
) -> tuple[View, bool]:
    """Do what the form of either page says: what to show then, and whether anything is new."""
    view, new = view_of(shop, token, locales, now), False
    wish = wish_of(shop, token.person, token.subject)
    if wish is not None and view.kind is Kind.moving and do == CONFIRM:
        new = doors(shop).take(
            wish.person, wish.address, wish.event.id, HOW, shown_words(view, house), now, wish.before
        )
    elif wish is not None and view.kind is Kind.disown and do == DISOWNED:
        new = _disown(shop, token, wish, now)
    return view_of(shop, token, locales, now), new


def _disown(shop: Workshop, token: Token, wish: Wish, now: datetime) -> bool:
    """The wish and those after it are void; what they changed goes back to the address that had this link.

    False, and nothing changes, while that is another's or barred. It is there already where this was cut before.
    """
    has = str(wish.moves[-1].fields.get("address", "")) if wish.moves else wish.before
    if has.casefold() != wish.before.casefold():
        back = wish.before and doors(shop).take(wish.person, wish.before, wish.event.id, BACK, "", now, has)
        if not back:
            return False
    fields = {"asked": wish.event.id, "by": READER}
    said = Said(wish.person, names.ADDRESS_KEPT, (wish.event.id,), fields, outside_id=token.key)
    return bool(shop.store.record(said, now))


def barred(shop: Workshop, person: str, address: str, history: Sequence[Event], now: datetime) -> str:
    """Why nothing will go to an address that is asked for, as the event keeps it; empty when the mail goes."""
    disowned = any(one.name == names.ADDRESS_KEPT and now - one.known_at < UNDONE_WITHIN for one in history)
    return "disowned" if disowned else doors(shop).barred(person, address, now)


def answered(history: Sequence[Event], asked: Event) -> bool:
    """Whether a wish was confirmed or disowned: to ask the same again is another wish."""
    return any(one.fields.get("asked") == asked.id for one in history if one.number > asked.number)
