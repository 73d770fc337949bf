"""The verb for codes of gifts: what is left of them, and filling their pools."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINE
from nurture.cli.output import answer, say, say_all, say_next


@command(
    "codes",
    "nurture codes          what is left of every gift",
    "nurture codes add      take in the codes that are new in the files of the pools",
    "nurture codes again    after a copied or restored store: what is in the files is free again",
)
@click.argument("act", required=False, type=click.Choice(["add", "again"]))
def codes_command(asked: Asked, act: str | None) -> int:
    """Show how many codes of each gift are left, drawn, given and used; or fill the pools from their files.

    The files are those that sequences/house/gifts.yaml names as they are live. `nurture apply` takes them in too.
    A code that is there already, or was given, is never given a second time. One that its file has no more is set
    aside. So are all free ones of a store that was copied or restored, until you have taken those out of the files
    that were given since, and say `again`.
    """
    from nurture.engine.pools import fill_pools, left
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        book = live(shop.store).book
        filled = fill_pools(shop.store, asked.root, book, now(), act == "again") if act else None
        found = left(shop.store, book)
    if asked.json:
        answer({"gifts": found, "new": filled.new if filled else {}, "again": filled.again if filled else {}})
        return FINE
    if filled is not None:
        said = list(filled.lines())
        say_all(said or ["No code is new."])
        say_all(f"There is no file {file}." for file in filled.missing)
    for one in found:
        say(f"{one.words()}{'   <- fill its pool: nurture codes add' if one.short else ''}")
    if not found:
        say("The book has no gifts (sequences/house/gifts.yaml).")
    say_next("nurture status", "nurture explain PERSON")
    return FINE


COMMANDS = {"codes": codes_command}
