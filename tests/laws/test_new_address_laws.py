"""Laws of another address: none is changed without its own confirmation, and nobody who refused is mailed at it.

Histories of wishes, confirmations, words of the old address, refusals, suppressions and imports over a real store;
what may be is told again in plain Python, by the letters that were handed over and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from nurture.decide import new_address as decided
from nurture.engine import new_address, preparing
from nurture.engine.answering import Answering
from nurture.engine.preferring import Preferring, Wish
from nurture.links import DISOWN, NEW_ADDRESS, PREFERENCES, Token
from nurture.model import new_address as model
from nurture.model.mail import Email, Fate, Handover
from nurture.render.pages import House
from nurture.store import identity
from nurture.store.new_address import NewAddresses
from nurture.store.tables import ADDRESS, MESSAGE
from tests.postgres_server import Server
from tests.refusals import PEOPLE, Lived, Move, new_store
from tests.sending_worlds import Answer

LAWFUL = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
OWN = (
    "asks for a new one", "asks for another's", "asks for a former one", "sends", "presses", "presses an old letter",
    "only looks",
)  # fmt: skip
OTHERS = (
    "joins", "refuses", "refuses everything", "provider sync", "csv again", "address changes",
    "address goes to another", "days pass",
)  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """One of nurture's own two mails, as it was handed over."""

    to: str
    mail: str
    key: str


@dataclass
class Moving(Lived):
    """A history in which readers change their addresses too. `left` holds who refused everything at which address."""

    letters: list[Letter] = field(default_factory=list)
    left: set[tuple[str, str]] = field(default_factory=set)
    moved: int = 0

    def answer(self, mail: Email, nth: int) -> Answer:
        own = {one for one in model.OWN_MAILS if one in mail.categories}
        if not own:
            return super().answer(mail, nth)
        self.letters.append(Letter(mail.to_address, *own, mail.key))
        barred = mail.to_address in self.everything
        if own == {model.NEW_ADDRESS} and not barred:
            asker = self.name_of(self.row(mail.key)[0])
            barred = any(address == mail.to_address and name != asker for name, address in self.left)
        if barred:
            self.wrong.append((mail.to_address, *own))
        return Handover(mail.key, Fate.accepted, "taken")

    # What the store says

    def person(self, name: str) -> str:
        found = self.shop.store.find(self.id[name])
        assert found
        return found

    def name_of(self, person: str) -> str:
        return next((name for name in PEOPLE if self.person(name) == person), "")

    def row(self, key: str) -> tuple[str, str]:
        """Person and wish of a mail."""
        with self.shop.store.database.reading() as connection:
            person, asked = connection.execute(
                select(MESSAGE.c.person, MESSAGE.c.subject).where(MESSAGE.c.key == key)
            ).one()
        return str(person), str(asked)

    def reached(self, name: str) -> str:
        """The address that a person has in the store."""
        with self.shop.store.database.reading() as connection:
            asked = select(ADDRESS.c.address).where(ADDRESS.c.person == self.person(name), ADDRESS.c.valid_to.is_(None))
            return str(connection.execute(asked).scalar_one())

    def unchanged(self) -> None:
        """Nobody has another address than the one they had, or confirmed."""
        self.wrong += [(name, "moved") for name in PEOPLE if self.reached(name) != self.address[name]]

    # What readers do

    def asks(self, name: str, address: str) -> None:
        answering = Answering(self.shop.workshop, lambda: self.shop.live, self.clock)
        token = Token(PREFERENCES, "p", self.person(name), "", "k")
        Preferring(answering).act(token, Wish("address", address=address))
        self.unchanged()

    def asks_for_a_new_one(self, name: str) -> None:
        self.number += 1
        self.asks(name, f"{name}.{self.number}@new.example")

    def asks_for_anothers(self, name: str) -> None:
        self.asks(name, self.address[PEOPLE[(PEOPLE.index(name) + 1) % len(PEOPLE)]])

    def asks_for_a_former_one(self, name: str) -> None:
        """One that was refused, suppressed or given up by somebody."""
        known = sorted((self.news | self.everything | {one.to for one in self.letters}) - set(PEOPLE))
        if known:
            self.asks(name, known[self.number % len(known)])

    def presses(self, _name: str, letter: Letter | None = None, only_look: bool = False) -> None:
        """The button behind the newest letter, or another: only the one in it may move anybody, and only there."""
        letter = letter or next(iter(self.letters[-1:]), None)
        if letter is None:
            return None
        person, asked = self.row(letter.key)
        new, name = letter.mail == model.NEW_ADDRESS, self.name_of(person)
        token = Token(NEW_ADDRESS if new else DISOWN, "p", person, asked, letter.key)
        if only_look:
            new_address.view_of(self.shop.workshop, token, (), self.clock.now)
            return self.unchanged()
        do = new_address.CONFIRM if new else new_address.DISOWNED
        new_address.act(self.shop.workshop, token, do, (), House(), self.clock.now)
        if name and self.reached(name) != self.address[name]:
            self.moves(name, letter)
        return self.unchanged()

    def moves(self, name: str, letter: Letter) -> None:
        """Somebody was moved: to where the letter went, or it is wrong. What they refused goes along."""
        if self.reached(name).casefold() != letter.to.casefold() or letter.to in self.everything:
            self.wrong.append((letter.to, "taken"))
        self.moved += 1
        self.address[name] = self.reached(name)
        for refused in (self.news, self.everything):
            refused.update({self.address[name]} if name in refused else ())

    def presses_an_old_letter(self, name: str) -> None:
        if self.letters:
            self.presses(name, self.letters[self.number % len(self.letters)])

    def only_looks(self, name: str) -> None:
        for letter in self.letters:
            self.presses(name, letter, only_look=True)

    def refuses_everything(self, name: str) -> None:
        super().refuses_everything(name)
        self.left.add((name, self.address[name]))

    def days_pass(self, _name: str) -> None:
        self.clock.now += 2 * model.GOOD_FOR / 3


def told(*moves: Move, url: str = "") -> Moving:
    with TemporaryDirectory() as folder:
        if not url:
            (Path(folder) / "store.db").write_bytes(new_store())
        moving = Moving(Path(folder), url)
        apostrophes = [(what.replace("'", ""), number) for what, number in moves]
        moving.go(apostrophes)
        return moving


HISTORIES = st.lists(
    st.tuples(st.one_of(st.sampled_from(OWN), st.sampled_from(OWN), st.sampled_from(OTHERS)), st.integers(0, 2)),
    min_size=5, max_size=20,
)  # fmt: skip


@LAWFUL
@given(HISTORIES)
def test_no_address_is_changed_without_its_own_confirmation_and_nobody_who_refused_is_mailed_there(moves: list[Move]):
    assert told(*moves).wrong == []


@settings(LAWFUL, max_examples=5)
@given(moves=HISTORIES)
def test_nor_over_postgresql(postgres: Server, moves: list[Move]):
    with postgres.new_store() as url:
        assert told(*moves, url=url).wrong == []


ASKED: tuple[Move, ...] = (("asks for a new one", 0), ("sends", 0))


def by(mail: str, place: int = -1) -> Callable[[Moving, str], None]:
    """The button behind the newest, or another, letter of a kind; nothing where there is none."""

    def presses(one: Moving, name: str) -> None:
        kind = [letter for letter in one.letters if letter.mail == mail]
        if kind:
            one.presses(name, kind[place])

    return presses


@pytest.fixture(autouse=True)
def letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """More moves, for histories that are written out."""
    monkeypatch.setattr(Moving, "confirms", by(model.NEW_ADDRESS), raising=False)
    monkeypatch.setattr(Moving, "confirms_by_the_first", by(model.NEW_ADDRESS, 0), raising=False)
    monkeypatch.setattr(Moving, "disowns", by(model.ADDRESS_NOTICE), raising=False)


def test_readers_do_move_in_these_histories():
    moved = told(*ASKED, ("confirms", 0), ("joins", 0))
    assert (moved.moved, moved.wrong) == (1, [])
    assert moved.went["news"] == 3
    back = told(*ASKED, ("confirms", 0), ("disowns", 0))
    assert (back.moved, back.wrong) == (2, [])
    refused = told(("refuses", 0), *ASKED, ("confirms", 0), ("joins", 0))
    assert (refused.moved, refused.wrong, refused.went["news"]) == (1, [], 2)


KNOWN, VIEW = NewAddresses._known, new_address.view_of


def newest_wish(shop: object, person: str, _asked: str) -> object:
    history = shop.store.histories([person])[person]  # type: ignore[attr-defined]
    wishes = [one for one in history if one.name == "address.asked"]
    return new_address.Wish(person, wishes[-1], history)


def looked(shop: object, token: Token, locales: tuple[str, ...], now: object) -> object:
    wish = new_address.wish_of(shop, token.person, token.subject)  # type: ignore[arg-type]
    if wish is not None and token.purpose == NEW_ADDRESS:
        doors = new_address.doors(shop)  # type: ignore[arg-type]
        doors.take(wish.person, wish.address, wish.event.id, "looked", "", now, wish.before)  # type: ignore[arg-type]
    return VIEW(shop, token, locales, now)  # type: ignore[arg-type]


FORMER: tuple[Move, ...] = (("asks for a former one", 1), ("sends", 0))
FAULTS: dict[str, tuple[object, str, object, tuple[Move, ...]]] = {
    "any link confirms the newest wish": (
        new_address, "wish_of", newest_wish,
        (*ASKED, *ASKED, ("confirms by the first", 0)),
    ),
    "looking is enough": (
        new_address, "view_of", looked,
        (*ASKED, ("only looks", 0)),
    ),
    "what an address is to others is not looked up": (
        NewAddresses, "_known", lambda self, *more: (KNOWN(self, *more)[0], ""),
        (("provider sync", 0), ("address changes", 0), ("sends", 0), *FORMER, ("confirms", 1)),
    ),
    "what was refused there before is forgotten": (
        identity.Known, "refused_by_another", lambda *_: [],
        (("refuses", 0), ("sends", 0), ("address changes", 0), ("sends", 0), *FORMER, ("confirms", 1), ("joins", 1)),
    ),
    "the word of the shell is not heeded": (
        decided, "BARRED", {}, (("provider sync", 0), ("address changes", 0), ("sends", 0), *FORMER),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch):
    where, name, wrong, moves = FAULTS[fault]
    assert told(*moves).wrong == []
    monkeypatch.setattr(where, name, wrong)
    if where is decided:  # both looks are left out, as if one rule had been forgotten
        monkeypatch.setattr(preparing, "may_be_sent", lambda *_: True)
    assert told(*moves).wrong != []
