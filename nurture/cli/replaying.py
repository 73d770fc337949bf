"""The verb that proves decisions: replay."""

from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, LengthOfTime, command
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, say_all, say_next
from nurture.cli.progress import progress

if TYPE_CHECKING:
    from nurture.model.length import Length


@command(
    "replay",
    "nurture replay                  every decision that was ever taken",
    "nurture replay salma            those about one person",
    "nurture replay --last 90d       those of the last 90 days",
)
@click.argument("people", nargs=-1, metavar="[PERSON]...")
@click.option("--last", type=LengthOfTime(), help="Only people decided on so lately, and only what is so new (90d).")
def replay_command(asked: Asked, people: tuple[str, ...], last: "Length | None") -> int:
    """Take decisions again from the journal, and prove what was written equal, byte for byte. Writes nothing."""
    from nurture.engine.lengths import length_span
    from nurture.engine.processes import cores
    from nurture.engine.replaying import replay
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        since = None if last is None else now() - length_span(last)
        with progress("replaying", shop.store.counts().people) as tell:
            found = replay(shop.store, people, since, 1 if people else cores(), tell)
    if asked.json:
        answer({"decisions": found.decisions, "people": found.people, "left_out": found.left_out,
                "differences": found.differences, "footings": found.footings, "earliest": found.earliest})  # fmt: skip
        return FINE if found.equal else FINDINGS
    say_all(found.lines())
    say_next("nurture rebuild" if found.equal else "nurture explain PERSON")
    return FINE if found.equal else FINDINGS


COMMANDS = {"replay": replay_command}
