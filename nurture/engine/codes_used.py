"""Which codes of gifts a shop has seen used: one code a row, with the moment if it is known (language.md 6.11)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from nurture import observe
from nurture.engine import cells
from nurture.engine.cells import CellError
from nurture.engine.faults import MisuseError
from nurture.engine.table import Row, Table
from nurture.engine.take_in import Rejects, counted
from nurture.engine.workshop import Workshop
from nurture.model.values import dataclass
from nurture.store.told import Used, use_codes

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Done:
    """How many codes are used from now on, were so before, or could not be taken in."""

    used: int
    known_already: int
    rejected: int
    rejects_file: str

    def words(self, file: Path) -> Iterator[str]:
        """For people."""
        yield f"{file.name}: {counted(self.used, 'code')} used"
        if self.known_already:
            yield f"{self.known_already:,} were known already and changed nothing"
        if self.rejected:
            are = "it is" if self.rejected == 1 else "they are"
            yield f"{counted(self.rejected, 'row')} could not be read; {are} in {self.rejects_file}, with the reason"


def take_in_codes(
    shop: Workshop, path: Path, columns: Mapping[str, str], zone: str, now: datetime, tell: Callable[[int], None]
) -> Done:
    """Import one file of used codes; MisuseError when no column says `code`. Safe to repeat."""
    table = Table(path)
    code, at = place_of(table, columns, "code"), place_of(table, columns, "at")
    if code is None:
        raise MisuseError(f"no column says 'code'; the file has: {', '.join(table.columns)}. --map COLUMN=code")
    new = known = 0
    with ExitStack() as stack:
        rejects, coming = Rejects(table, stack), table.rows()
        while some := list(islice(coming, CHUNK)):
            read = [(row, used) for row in some if (used := used_of(row, code, at, ZoneInfo(zone), now, rejects))]
            for (row, _), answer in zip(read, use_codes(shop.store, [used for _, used in read], now), strict=True):
                if isinstance(answer, str):
                    rejects.add(row, answer)
                elif answer:
                    new += 1
                else:
                    known += 1
            tell(some[-1].position)
    observe.note(observe.IMPORTED, kind="codes", taken=new, known=known, rejected=rejects.count)
    return Done(new, known, rejects.count, str(rejects.path) if rejects.count else "")


def place_of(table: Table, columns: Mapping[str, str], name: str) -> int | None:
    """Where a name stands, by --map or by its own column."""
    mapped = next((column for column, said in columns.items() if said == name), name)
    if mapped != name and mapped not in table.columns:
        raise MisuseError(f"the file has no column '{mapped}'; it has: {', '.join(table.columns)}")
    return table.columns.index(mapped) if mapped in table.columns else None


def used_of(row: Row, code: int, at: int | None, zone: ZoneInfo, now: datetime, rejects: Rejects) -> Used | None:
    """What one row says; None when it cannot be, which the rejects keep."""
    try:
        if row.wrong:
            raise CellError(row.wrong)
        text, when = row.cells[code].strip(), row.cells[at].strip() if at is not None else ""
        if not text:
            raise CellError("no code")
        moment = cells.moment(when, zone) if when else now
        if moment > now:
            raise CellError(f"'{when}' lies in the future")
    except CellError as fault:
        rejects.add(row, str(fault))
        return None
    return Used(text, moment)
