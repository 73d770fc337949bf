"""How long a book of 200 sequences takes to be checked, tested, and planned while 100,000 people are there.

Nine in ten have complained once and are inside the one sequence that starts by it, whose waits the edit makes shorter.
The other sequences are the starter's under other names (`book_tests.grow`).
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from benchmarks.book_tests import SEQUENCES, grow
from benchmarks.crowd import crowd, write
from benchmarks.frame import Figure, nurture, run, taken
from benchmarks.population import populated
from nurture.engine.tick import tick
from nurture.store.open import Store
from nurture.wiring import live, now

PEOPLE = 100_000
EDITED = "complaint_care"
PLANNED = (2, 3)  # there are changes; a decision is missing


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """At each size."""
    return [figure for people in sizes or (PEOPLE,) for figure in of(people)]


def of(people: int) -> list[Figure]:
    """Whole processes, from start to exit; medians of three, the plans of one."""
    with crowd(people) as (store, _book, _ready):
        file = store.database.file
        if file is None:
            raise SystemExit("the crowd has no file to plan over")
        folder = file.parent
        take_everybody_in(store, folder, people)
        inside = sum(store.counts().inside.values())
        grow(folder, SEQUENCES)
        checked = taken(lambda: nurture("check", folder=folder), times=3)
        tested = taken(lambda: nurture("test", folder=folder))
        grown = taken(lambda: nurture("plan", folder=folder, fine=PLANNED))
        edit(folder / "sequences" / f"{EDITED}.yaml")
        edited = taken(lambda: nurture("plan", folder=folder, fine=PLANNED))
    book = f"of a book of {SEQUENCES} sequences"
    return [
        Figure(f"`nurture check` {book}", checked.words(), "2 s"),
        Figure(f"`nurture test` {book}", tested.words(), "5 s"),
        Figure(f"`nurture plan` {book} that are new, {inside:,} inside", grown.words(), "10 s"),
        Figure("`nurture plan`, and a wait is shorter for all of them", edited.words(), "10 s"),
    ]


def take_everybody_in(store: Store, folder: Path, people: int) -> None:
    """A complaint of everybody, just now, and the tick that starts them."""
    at = now() - timedelta(minutes=5)
    write(
        folder / "complaints.csv", ("id", "at", "event", "ticket"), complaints(people, at.isoformat(timespec="seconds"))
    )
    nurture("import", "events", "complaints.csv", folder=folder)
    tick(store, live(store).book, now())


def complaints(people: int, at: str) -> Iterator[tuple[str, ...]]:
    """One for nine in ten."""
    everybody = populated(people).quiet(people * 9 // 10)
    return ((who, at, "complaint.opened", f"T{number}") for number, who in enumerate(everybody))


def edit(file: Path) -> None:
    """Make every wait of whole days one day shorter that has more than one, and none for an event longer than a minute.

    So all who wait for the complaint's end are due at once, and everybody is looked at; it must have such a wait.
    """
    text = file.read_text(encoding="utf-8")
    shorter = text
    for days in range(2, 31):
        shorter = shorter.replace(f"wait: {days} days", f"wait: {days - 1} days")
        shorter = shorter.replace(f"up_to: {days} days", "up_to: 1 minute")
    if shorter == text:
        raise SystemExit(f"{file.name} has no wait to make shorter")
    file.write_text(shorter, encoding="utf-8")


if __name__ == "__main__":
    run({"big_book": measure})
