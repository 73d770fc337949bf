"""The verbs about one person: show, explain."""

from datetime import date, datetime
from shlex import quote

import click

from nurture.cli.command import Asked, Instant, NearDay, command
from nurture.cli.output import answer, say_all, say_next


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
)
@click.argument("person")
@click.option("--mail", default="", help="What became of this mail.")
@click.option("--sequence", default="", help="What became of this sequence.")
@click.option("--on", "day", type=NearDay(), help="Everything of one day, on their own clock: 2027-03-08, mon, today.")
@click.option("--at", type=Instant(), help="Ask the engine again, with what was known at that moment.")
def explain_command(
    asked: Asked, person: str, mail: str, sequence: str, day: date | str | None, at: datetime | None
) -> None:
    """Say why somebody did or did not get something, from the reasons kept; worked out anew where none are."""
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


COMMANDS = {"show": show_command, "explain": explain_command}
