"""Pools of codes: files of the project, one code a line, taken into the store; and what is left of each gift."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path

from nurture.engine.faults import RefusedError
from nurture.model.book import Book
from nurture.model.house import Present
from nurture.model.values import dataclass
from nurture.store.codes import Stock
from nurture.store.open import Store
from nurture.store.up_to import number_words

HEADER = re.compile(r"(?:[a-z]+[ _])*(?:codes?|coupons?|vouchers?)", re.IGNORECASE)  # a cell that names the column
LONGEST_CODE = 100  # letters
FEW = 20  # codes left of a pool, below which it is said


@dataclass(frozen=True, slots=True)
class Filled:
    """How many codes were new, by gift; of those gifts that have a pool. `missing` are the files that are not there.

    `gone` are free codes that their file has no more, `back` those it has again, `again` those a person freed.
    """

    new: Mapping[str, int]
    missing: tuple[str, ...] = ()
    gone: Mapping[str, int] = field(default_factory=dict)
    back: Mapping[str, int] = field(default_factory=dict)
    again: Mapping[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """For people; nothing is said of pools that brought nothing new."""
        for gift, number in self.new.items():
            if number:
                yield f"{codes(number, 'new ')} for {gift}."
        for gift, number in self.gone.items():
            yield f"{codes(number)} of {gift} set aside: not in its file any more. Put back, they are given again."
        for gift, number in self.back.items():
            yield f"{codes(number)} of {gift} in its file again."
        for gift, number in self.again.items():
            yield f"{codes(number)} of {gift} can be given again."


def codes(number: int, how: str = "") -> str:
    """`1 new code`, `2 new codes`."""
    return f"{number:,} {how}code{'' if number == 1 else 's'}"


def refuse_without_pools(store: Store, root: Path, book: Book) -> None:
    """RefusedError when a pool's file cannot be read, or is not there and nothing of it ever was.

    Nobody would get that gift.
    """
    stock, files = store.outbox.codes.stock(), {present: pool_file(root, present) for present in with_pools(book)}
    for file in filter(None, files.values()):
        codes_of(file)
    missing = [f"{one.pool} ({one.name})" for one, file in files.items() if file is None and one.name not in stock]
    if missing:
        raise RefusedError(
            f"there is no file of codes: {', '.join(missing)}. Put the codes there, one a line, or write "
            "`codes: {make: 'CODE-{8}'}` in sequences/house/gifts.yaml."
        )


def fill_pools(store: Store, root: Path, book: Book, now: datetime, again: bool = False) -> Filled:
    """Take the codes of every pool in that are not there yet. A code that was drawn or given stays as it is.

    A free code that its file has no more is set aside. With `again` a person has looked which codes another store
    gave, and has taken those out of the file: what is in it is free.
    """
    files = {present: pool_file(root, present) for present in with_pools(book)}
    read = {present.name: codes_of(file) for present, file in files.items() if file is not None}
    pool = store.outbox.codes
    new = {name: pool.fill(name, found) for name, found in read.items()}
    moved = {name: pool.aside.follow(name, found, now) for name, found in read.items()}
    freed = {name: pool.aside.again(name, found) for name, found in read.items()} if again else {}
    return Filled(
        new,
        tuple(f"{present.pool} ({present.name})" for present, file in files.items() if file is None),
        {name: gone for name, (gone, _) in moved.items() if gone},
        {name: back for name, (_, back) in moved.items() if back},
        {name: number for name, number in freed.items() if number},
    )


def aside_lines(store: Store, book: Book) -> Iterator[str]:
    """What a person who accepts a copied or restored store is told of pools; nothing where none has codes aside."""
    for one in left(store, book):
        if one.stock.aside:
            yield (
                f"{codes(one.stock.aside)} of {one.gift} set aside: the store may have given them as it was before. "
                "Take those out of its file that the shop knows as given, then: nurture codes again"
            )


def with_pools(book: Book) -> Iterator[Present]:
    """The gifts whose codes come from a file."""
    return (present for present in book.house.gifts if present.pool)


def pool_file(root: Path, present: Present) -> Path | None:
    """The file of a pool, if it is there; RefusedError where it would lie outside the project."""
    file = (root / present.pool).resolve()
    if not file.is_relative_to(root.resolve()):
        raise RefusedError(f"{present.name}: the file of codes {present.pool} is outside the project; put it inside.")
    if file.is_dir():
        raise RefusedError(f"{present.name}: {present.pool} is a folder, not a file of codes; name the file in it.")
    return file if file.is_file() else None


def codes_of(file: Path) -> list[str]:
    """The codes of a file: its column `code`, else the first one; a header line is none.

    RefusedError for a file that is not UTF-8 text, and for a line that no reader could type as a code.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(f"{file.name} is not UTF-8 (byte {error.start + 1}); save it as UTF-8.") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    delimiter = max(",;\t", key=lines[0][1].count) if lines else ","
    rows = [(number, cells_of(line, delimiter)) for number, line in lines]
    named = next((at for at, cell in enumerate(rows[0][1]) if HEADER.fullmatch(cell)), None) if rows else None
    column = named or 0
    found = ((number, cells[column]) for number, cells in rows[named is not None :] if len(cells) > column)
    return [_possible(file, number, code) for number, code in found if code]


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line; what stands in quotes may hold the delimiter."""
    reader = csv.reader([line.strip()], delimiter=delimiter, skipinitialspace=True)
    try:
        return [cell.strip() for cell in next(reader)]
    except csv.Error:  # a cell beyond all bounds: as a whole it is too long for a code, and that is said
        return [line]


def _possible(file: Path, number: int, code: str) -> str:
    if len(code) > LONGEST_CODE or not code.isprintable():
        raise RefusedError(
            f"{file.name}:{number}: this is no code that a reader could type: at most {LONGEST_CODE} letters, one "
            "code a line. Nothing of the file was taken in; mend the line, then `nurture codes add`."
        )
    return code


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
        if not self.stock.counted:
            return f"{self.gift} {number_words(self.stock.free)} left" if self.source == "pool" else self.gift
        parts = [f"{self.stock.free:,} left"] if self.source == "pool" else []
        parts += [f"{self.stock.drawn:,} drawn"] if self.stock.drawn else []
        parts += [f"{self.stock.given:,} given"]
        parts += [f"{self.stock.used:,} used"] if self.stock.used else []
        parts += [f"{self.stock.aside:,} set aside"] if self.stock.aside else []
        return f"{self.gift} {', '.join(parts)}"


def left(store: Store, book: Book, quickly: bool = False) -> tuple[Left, ...]:
    """Every gift of the book with its stock, by name; `quickly` of very many codes only those that are left."""
    codes = store.outbox.codes
    stock = codes.stock_up_to([one.name for one in book.house.gifts]) if quickly else codes.stock()
    return tuple(
        Left(one.name, "pool" if one.pool else "made" if one.make else "none", stock.get(one.name, Stock()))
        for one in sorted(book.house.gifts, key=lambda one: one.name)
    )
