"""Forgetting a person: what it will do, doing it, telling the provider, and what lies outside the store (rights)."""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from nurture import observe
from nurture.config import erases
from nurture.deliver.sendgrid_erasure import erase
from nurture.engine.hand_over import directly
from nurture.engine.people import find_person
from nurture.engine.run import Run
from nurture.engine.workshop import Workshop
from nurture.model.values import dataclass
from nurture.store.forgetting import Forgetting
from nurture.store.forgetting import Forgotten as Blanked
from nurture.store.scrubbing import put_aside

AT_A_TIME = 1_000  # people of whom the provider is told in one go
AGAIN = timedelta(minutes=10)
LARGEST = 64 * 1024 * 1024  # bytes of a file that is looked into
SHOWN = 20
_A_DATABASE = b"SQLite format 3\0"  # how every file of SQLite begins
_APART = frozenset({".git", "__pycache__", ".venv", "node_modules"})
_WORDS = {
    "event": ("event", "events"),
    "message": ("mail", "mails"),
    "enrolment": ("enrolment", "enrolments"),
    "reason": ("reason", "reasons"),
    "task": ("task", "tasks"),
    "webhook": ("call of another system", "calls of other systems"),
    "draft": ("draft", "drafts"),
    "happening": ("word of what became of a mail", "words of what became of mails"),
    "reply": ("reply", "replies"),
    "code": ("code of a gift", "codes of gifts"),
    "received": ("raw post", "raw posts"),
}


@dataclass(frozen=True, slots=True)
class Foretold:
    """What forgetting would do: whose rows, how many of each kind, and the files outside the store that name them."""

    person: str
    label: str
    rows: dict[str, int]
    files: tuple[str, ...]
    tells: str

    def lines(self) -> Iterator[str]:
        """For people, before they are asked."""
        yield f"{self.label} will be forgotten, for good. This cannot be undone."
        yield f"Blanked: {counted(self.rows) or 'nothing but the contact itself'}."
        yield "Deleted: the address, the shop's ids, facts, tags, consents. What runs ends; what waits is not sent."
        yield "Kept: keyed hashes of address and ids, so that nobody writes to them again, and the send keys."
        if self.tells:
            yield f"{self.tells} is told to erase them too."
        yield from outside_lines(self.files)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done. `telling` says why the provider could not be told yet, `left` why bytes may be in the file."""

    person: str
    rows: dict[str, int]
    before: bool
    files: tuple[str, ...]
    tells: str
    telling: str
    left: str

    def lines(self) -> Iterator[str]:
        """For people, afterwards."""
        again = "was forgotten before; what had come since is gone too" if self.before else "is forgotten"
        yield f"{self.person} {again}: {counted(self.rows) or 'nothing was left'}."
        if self.tells and self.telling:
            yield f"{self.tells} was not told yet: {self.telling}."
            yield "`nurture run` tries again; the address is kept for that alone, until it was told."
        elif self.tells:
            yield f"{self.tells} was told."
        if self.left:
            yield f"{self.left}. Old bytes may still lie in it: `nurture run` tries again, until it can."
        yield from outside_lines(self.files)


def counted(rows: dict[str, int]) -> str:
    """`14 events, 3 mails`."""
    return ", ".join(f"{number:,} {_WORDS[name][number != 1]}" for name, number in rows.items() if number)


def outside_lines(files: tuple[str, ...]) -> Iterator[str]:
    """The files that a person has to see to."""
    if files:
        yield "These files are yours to see to: they hold the address, or are copies of the store from before:"
        yield from (f"  {name}" for name in files[:SHOWN])
        if len(files) > SHOWN:
            yield f"  … and {len(files) - SHOWN:,} more"


def forgetting(shop: Workshop) -> Forgetting:
    """The door of an open project."""
    return Forgetting(shop.store.database, shop.store.outbox.remember, shop.config.installation)


def foretold(shop: Workshop, text: str) -> Foretold:
    """What forgetting the person meant would do; MisuseError when there is none. Nothing is written."""
    person = find_person(shop, text)
    door = forgetting(shop)
    label = shop.store.labels([person])[person]
    files = tuple(files_naming(shop, door.addresses(person)))
    return Foretold(person, label, in_order(door.foretold(person)), files, told_to(shop))


async def forget(shop: Workshop, text: str, who: str, now: datetime) -> Forgotten:
    """Forget the person meant, and tell the provider at once; when that fails, the daemon goes on trying."""
    person = find_person(shop, text)
    tells = told_to(shop)
    door = forgetting(shop)
    done: Blanked = door.forget(person, who, now, tell=bool(tells))
    observe.note(observe.PERSON_FORGOTTEN, person=person)
    telling = await Telling(shop).send(now)
    files = tuple(files_naming(shop, done.addresses))
    return Forgotten(person, in_order(done.rows), done.before, files, tells, telling, done.left)


def told_to(shop: Workshop) -> str:
    """Who has to be told; empty for a way out that keeps nothing of its own."""
    return "SendGrid" if erases(shop.config) else ""


@dataclass(slots=True)
class Telling:
    """Tells the provider whom to forget, of whom it was not told yet; what fails is tried again after `AGAIN`."""

    shop: Workshop
    again_at: datetime | None = None

    async def send(self, now: datetime, run: Run = directly) -> str:
        """Tell it of all, where that is due; why it failed, in words, empty when it did not.

        What a forgetting that was cut left in the store's file goes too.
        """
        if self.again_at is not None and now < self.again_at:
            return ""
        door = forgetting(self.shop)
        if await run(door.finish):
            self.again_at = now + AGAIN
        if not told_to(self.shop):
            return ""
        untold = await run(door.untold, AT_A_TIME)
        if not untold:
            return ""
        everybody = sorted({address for addresses in untold.values() for address in addresses})
        said = await erase(self.shop.config.sendgrid_url, self.shop.config.sendgrid_key, everybody)
        taken = set(said.taken)
        told = [person for person, addresses in untold.items() if taken.issuperset(addresses)]
        if told:
            await run(door.told, told, now)
        self.again_at = now + AGAIN if said.problem else self.again_at
        level = logging.WARNING if said.problem else logging.INFO
        observe.note(observe.ERASURE_TOLD, level=level, people=len(told), waiting=len(untold) - len(told))
        return said.problem


def in_order(rows: Counter[str]) -> dict[str, int]:
    """The counts in the order in which they are read out."""
    return {name: rows[name] for name in _WORDS if rows[name]}


def files_naming(shop: Workshop, addresses: tuple[str, ...]) -> Iterator[str]:
    """Files of the project in which an address stands, and copies of the store from before; by their paths.

    Rejects beside imports, previews, mails in a folder, exports: what people made they have to delete. Copies are
    backups too, a store that was moved away, and on PostgreSQL what a restore put aside.
    """
    yield from (f"{name} of the database, put aside by a restore" for name in put_aside(shop.store.database))
    words = [one.encode() for one in addresses]
    store = shop.store.database.file
    own = (
        {store.resolve(), *(store.resolve().with_name(store.name + end) for end in ("-wal", "-shm"))}
        if store
        else set()
    )
    for path in sorted(shop.root.rglob("*")):
        if not path.is_file() or _APART.intersection(path.relative_to(shop.root).parts) or path.resolve() in own:
            continue
        copy = store is not None and path.name.startswith(f"{store.name}.")
        if copy or _names(path, words):
            yield str(path.relative_to(shop.root))


def _names(path: Path, words: list[bytes]) -> bool:
    """Whether an address stands in a file; of one that is too large to be looked into, whether it may be a store."""
    try:
        if path.stat().st_size > LARGEST:
            with path.open("rb") as file:
                return file.read(len(_A_DATABASE)) == _A_DATABASE
        data = path.read_bytes().lower()
    except OSError:
        return False
    return any(word in data for word in words)
