"""Pools of codes: files of the project, one code a line, taken into the store; and what is left of each gift."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nurture.engine.faults import RefusedError
from nurture.model.book import Book
from nurture.model.house import Present
from nurture.store.codes import Stock
from nurture.store.open import Store

HEADERS = frozenset({"code", "codes"})  # a first line that only names its column
FEW = 20  # codes left of a pool, below which it is said


@dataclass(frozen=True, slots=True)
class Filled:
    """How many codes were new, by gift; of those gifts that have a pool."""

    new: Mapping[str, int]

    def lines(self) -> Iterator[str]:
        """For people; nothing is said of pools that brought nothing new."""
        for gift, number in self.new.items():
            if number:
                yield f"{number:,} new code{'' if number == 1 else 's'} for {gift}."


def refuse_without_pools(store: Store, root: Path, book: Book) -> None:
    """RefusedError when a pool's file is not there and nothing of it ever was: nobody would get that gift."""
    stock = store.outbox.codes.stock()
    missing = [f"{p.pool} ({p.name})" for p in with_pools(book) if p.name not in stock and not pool_file(root, p)]
    if missing:
        raise RefusedError(
            f"there is no file of codes: {', '.join(missing)}. Put the codes there, one a line, or write "
            "`codes: {make: 'CODE-{8}'}` in sequences/house/gifts.yaml."
        )


def fill_pools(store: Store, root: Path, book: Book) -> Filled:
    """Take the codes of every pool in that are not there yet. A code that is there, drawn or given stays as it is."""
    new = {}
    for present in with_pools(book):
        file = pool_file(root, present)
        if file is not None:
            new[present.name] = store.outbox.codes.fill(present.name, codes_of(file))
    return Filled(new)


def with_pools(book: Book) -> Iterator[Present]:
    """The gifts whose codes come from a file."""
    return (present for present in book.house.gifts if present.pool)


def pool_file(root: Path, present: Present) -> Path | None:
    """The file of a pool, if it is there; RefusedError where it would lie outside the project."""
    file = (root / present.pool).resolve()
    if not file.is_relative_to(root.resolve()):
        raise RefusedError(f"{present.name}: the file of codes {present.pool} is outside the project; put it inside.")
    return file if file.is_file() else None


def codes_of(file: Path) -> list[str]:
    """The codes of a file: the first column of each line, without quotes; a header line is none."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise RefusedError(f"{file.name} is not UTF-8 (byte {error.start + 1}); save it as UTF-8.") from error
    cells = [line.replace(";", ",").partition(",")[0].strip().strip('"').strip() for line in lines]
    named = bool(cells) and cells[0].casefold() in HEADERS
    return [cell for cell in cells[named:] if cell]


@dataclass(frozen=True, slots=True)
class Left:
    """One gift of the live book: where its codes come from, and what became of them."""

    gift: str
    source: str
    stock: Stock

    @property
    def short(self) -> bool:
        """Whether its pool comes to its end."""
        return self.source == "pool" and self.stock.free < FEW

    def words(self) -> str:
        """`free_shipping 12 left, 3 given`."""
        parts = [f"{self.stock.free:,} left"] if self.source == "pool" else []
        parts += [f"{self.stock.drawn:,} drawn"] if self.stock.drawn else []
        parts += [f"{self.stock.given:,} given"]
        parts += [f"{self.stock.used:,} used"] if self.stock.used else []
        return f"{self.gift} {', '.join(parts)}"


def left(store: Store, book: Book) -> tuple[Left, ...]:
    """Every gift of the book with its stock, by name."""
    stock = store.outbox.codes.stock()
    return tuple(
        Left(one.name, "pool" if one.pool else "made" if one.make else "none", stock.get(one.name, Stock()))
        for one in sorted(book.house.gifts, key=lambda one: one.name)
    )
