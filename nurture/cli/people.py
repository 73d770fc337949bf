"""The verbs about one person: show, explain."""

from datetime import date, datetime
from shlex import quote
from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, Instant, LengthOfTime, NearDay, command
from nurture.cli.output import answer, say_all, say_next

if TYPE_CHECKING:
    from nurture.model.length import Length


@command(
    "show",
    "nurture show salma                    by the shop's id",
    "nurture show salma@example.net        by address",
)
@click.argument("person")
def show_command(asked: Asked, person: str) -> None:
    """Show where somebody stands in everything, what they had, and what is next."""
    from nurture.engine.people import show
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        found = show(shop, live(shop.store), person, now())
    if asked.json:
        answer(found.person)
        return
    say_all(found.lines)
    say_next(f"nurture explain {quote(person)}", f"nurture simulate --people {quote(person)}")


@command(
    "explain",
    "nurture explain salma --mail first_bag_check_in       why did she get it, or not?",
    "nurture explain ben --sequence birthday               why did it not start?",
    "nurture explain salma --on mon                        every sequence, one line each",
    "nurture explain --why-nobody festive_days --last 30d  what became of everybody for one sequence",
)
@click.argument("person", required=False)
@click.option("--mail", default="", help="What became of this mail.")
@click.option("--sequence", default="", help="What became of this sequence.")
@click.option("--on", "day", type=NearDay(), help="Everything of one day, on their own clock: 2027-03-08, mon, today.")
@click.option("--why-nobody", "nobody", default="", help="What keeps people out of this sequence, counted.")
@click.option("--last", type=LengthOfTime(), default="30 days", help="With --why-nobody: so long back (30d).")
@click.option("--at", type=Instant(), help="Ask the engine again, with what was known at that moment.")
def explain_command(
    asked: Asked,
    person: str | None,
    mail: str,
    sequence: str,
    day: date | str | None,
    nobody: str,
    last: "Length",
    at: datetime | None,
) -> None:
    """Say why somebody did or did not get something, from the reasons kept; worked out anew where none are."""
    if nobody:
        if person or mail or sequence or day or at:
            raise click.UsageError("--why-nobody is of everybody and counts; for one person or day: " + OF_ONE)
        explain_nobody(asked, nobody, last)
        return
    if person is None:
        raise click.UsageError("say whom: nurture explain PERSON, or --why-nobody SEQUENCE")
    from nurture.engine.explaining import Asking, explain
    from nurture.wiring import live, now, workshop

    if sum(map(bool, (mail, sequence, day, at))) > 1 and not (at and (mail or sequence)):
        raise click.UsageError("--mail, --sequence and --on are three questions; ask one")
    with workshop(asked.root) as shop:
        found = explain(shop, live(shop.store), person, Asking(mail, sequence, day, at), now())
    if asked.json:
        answer(found)
        return
    say_all(found.lines)
    say_next(f"nurture show {quote(person)}", *found.more)


OF_ONE = "nurture explain PERSON --sequence NAME, or --on DAY"


def explain_nobody(asked: Asked, sequence: str, last: "Length") -> None:
    """What became of everybody for one sequence lately."""
    from nurture.engine.lengths import length_span
    from nurture.engine.why_nobody import why_nobody
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        found = why_nobody(shop, live(shop.store).book, sequence, now() - length_span(last), now())
    if asked.json:
        answer(found)
        return
    say_all(found.lines())
    say_next(f"nurture preview {quote(sequence)} --timeline", f"nurture explain PERSON --sequence {quote(sequence)}")


COMMANDS = {"show": show_command, "explain": explain_command}
