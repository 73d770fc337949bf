"""The verb that lists: ls, with the map of stages and pillars."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.output import answer, plural, say, say_next


@command(
    "ls",
    "nurture ls                   every sequence: who it is for, what starts it, who is inside",
    "nurture ls --by stage        the map: what each stage is given, and what nobody gives it",
    "nurture ls --by pillar       which of the five pillars serve each stage",
    "nurture ls --stage vip       what can start somebody who is there",
)
@click.argument("names", nargs=-1)
@click.option("--by", type=click.Choice(["stage", "pillar"]), help="As a map instead of a list.")
@click.option("--stage", "stages", multiple=True, help="Only what people in this stage or moment may start.")
@click.option("--tag", "tags", multiple=True, help="Only what gives, takes or asks for this tag.")
@click.option("--changed", is_flag=True, help="Only what differs from what is live.")
def ls_command(
    asked: Asked, names: tuple[str, ...], by: str | None, stages: tuple[str, ...], tags: tuple[str, ...], changed: bool
) -> None:
    """List the sequences of the files, or draw the map of what each stage is given."""
    from nurture.engine.check import readable_book
    from nurture.engine.listing import by_pillar, by_stage, chosen, listed
    from nurture.engine.unapplied import standing
    from nurture.wiring import workshop

    book = readable_book(asked.root)
    if by:
        grid = by_stage(book) if by == "stage" else by_pillar(book)
        if asked.json:
            answer([{"row": r, "column": c, "sequences": list(names)} for (r, c), names in sorted(grid.cells.items())])
            return
        for line in grid.lines():
            click.echo(line)
        say_next("nurture ls", "nurture check")
        return
    wanted = chosen(book, names, stages, tags)
    with workshop(asked.root) as shop:
        inside, differing = standing(shop, book)
    found = [one for one in listed(book, inside) if one.name in wanted and (not changed or one.name in differing)]
    if asked.json:
        answer(found)
        return
    width = max((len(one.name) for one in found), default=0) + 2
    for one in found:
        mark = "*" if one.name in differing else " "
        inside_words = f"{one.inside:,} inside" if one.inside else ""
        say(f"{mark} {one.name:<{width}}{one.status:<8}{one.class_:<13}{one.stage:<34}  {inside_words}")
        say(f"  {'':<{width}}{one.title}; starts by {one.starts}")
    say(f"{plural(len(found), 'sequence')}{'; * differs from what is live' if differing else ''}")
    say_next("nurture ls --by stage", "nurture preview SEQUENCE --timeline")


COMMANDS = {"ls": ls_command}
