"""`nurture test --sweep`: its progress, and what it found, for people and machines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nurture.cli.command import Asked
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, plural, say, say_next
from nurture.cli.progress import progress

if TYPE_CHECKING:
    from nurture.language.test_files import CaseFile
    from nurture.model.book import Book

HUNDRED = 100


def sweep_book(asked: Asked, book: "Book", files: "Sequence[CaseFile]", every_day: bool, processes: int | None) -> int:
    """Hold the laws in every clock and season; exits 1 when one is broken."""
    from nurture.engine.book_tests_sweep import SHOWN, sweep

    with progress("sweeping", HUNDRED) as tell:

        def share(done: int, of: int) -> None:
            tell(done * HUNDRED // of)

        swept = sweep(book, files, share, every_day=every_day, processes=processes or 0)
    if asked.json:
        answer(
            {
                "lives": swept.lives,
                "messages": swept.messages,
                "broken": swept.broken,
                "faults": list(swept.faults.values()),
            }
        )
        return FINDINGS if swept.faults else FINE
    for fault in list(swept.faults.values())[:SHOWN]:
        say(fault.line)
    years = f"{swept.years[0]} and {swept.years[1]}"
    lives, messages = plural(swept.lives, "life", "lives"), plural(swept.messages, "message")
    lived = f"{lives} in {swept.clocks} clocks over {years}, {messages}"
    say(f"{lived}: {plural(swept.broken, 'broken law')}" if swept.broken else f"{lived}: every law held")
    say_next(
        "mend the sequence or the house rule, then nurture test --sweep" if swept.broken else "nurture test --cover"
    )
    return FINDINGS if swept.faults else FINE
