"""The verb for splits: which way does better."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.output import answer, say, say_all, say_next
from nurture.cli.progress import progress


@command("ways", "nurture ways welcome          which subject of its split brings more orders")
@click.argument("sequence")
def ways_command(asked: Asked, sequence: str) -> None:
    """Show how the ways of a sequence's splits compare, by what `measure` names, and whether it can be told yet.

    Only people count whose time after the split is over. Who is held out counts nowhere. Decide how long you let it
    run before you look: who looks every day and stops at the first difference is often fooled by chance.
    """
    from nurture.engine.ways import names_of, ways
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        book = live(shop.store).book
        with progress("counting", shop.store.figures.ever_inside_count(names_of(book, sequence))) as tell:
            found = ways(shop.store, book, sequence, now(), tell)
    if asked.json:
        answer(found)
        return
    for one in found:
        say_all(one.lines())
        say()
    say_next(f"nurture preview {sequence} --timeline", "nurture plan")


COMMANDS = {"ways": ways_command}
