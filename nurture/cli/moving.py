"""The verb that takes a shop to another database: move-store."""

import os

import click

from nurture.cli.command import Asked, command
from nurture.cli.output import answer, say, say_all, say_next
from nurture.cli.progress import progress


@command(
    "move-store",
    "nurture move-store sqlite:///nurture.db postgresql://nurture@db/shop",
    "nurture move-store sqlite:///nurture.db env:SHOP_STORE      the address is in that variable",
    "nurture move-store env:SHOP_STORE sqlite:///home.db         and back",
)
@click.argument("from_", metavar="FROM")
@click.argument("to", metavar="TO")
def move_command(asked: Asked, from_: str, to: str) -> None:
    """Take the whole shop to another database. Nothing is lost or sent twice; cut, the same command goes on."""
    from nurture.engine.moving import move_shop, way
    from nurture.wiring import configuration, now, stopped, stopwatch

    config, elapsed = configuration(asked.root), stopwatch()
    with stopped(asked.root), way(asked.root, config, os.environ, from_, to) as found:
        with progress("moving", 2 * found.size()) as tell:
            moved = move_shop(found, config, now(), tell)
        lines = list(found.lines(moved, elapsed()))
    if asked.json:
        answer({"rows": moved.rows, "found": moved.found, "moved_before": moved.before, "seconds": round(elapsed(), 3),
                "tables": {name: one.rows for name, one in moved.sums.items()}})  # fmt: skip
        return
    say_all(lines)
    say()
    say_next("nurture status", "nurture doctor", "nurture replay --last 90d")


COMMANDS = {"move-store": move_command}
