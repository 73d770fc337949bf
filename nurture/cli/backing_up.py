"""The verbs that keep the store safe: backup, restore."""

from dataclasses import replace
from pathlib import Path

import click

from nurture.cli.command import Asked, command
from nurture.cli.output import answer, say_all, say_next
from nurture.cli.progress import progress


@command(
    "backup",
    "nurture backup                        into backups/ of the project, while the daemon works",
    "nurture backup /srv/safe --keep 14    into that folder, of which the newest 14 stay",
    "nurture backup monday.db              into that file",
)
@click.argument("to", required=False, type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="So many backups stay in the folder; older ones are deleted.")
def backup_command(asked: Asked, to: Path | None, keep: int | None) -> None:
    """Copy the store into one checked file, as it is at one moment. Nobody has to stop for it."""
    from nurture.engine.backups import how_much, make_backup, place_of, store_there
    from nurture.wiring import configuration, now, stopwatch

    config, elapsed, moment = configuration(asked.root), stopwatch(), now()
    file = place_of(asked.root, to, keep, moment)
    with store_there(config) as database, progress("backing up", how_much(database)) as tell:
        made = make_backup(database, config, asked.root, file, keep, moment, tell)
    if asked.json:
        answer({"file": made.file, "bytes": made.bytes, "seconds": round(elapsed(), 3), "decided": made.decided,
                "removed": made.removed})  # fmt: skip
        return
    say_all(made.lines(elapsed()))
    say_next(f"nurture restore {made.file}", "nurture status")


@command(
    "restore",
    "nurture restore backups/nurture-20261122T030000Z.db   it starts halted",
)
@click.argument("from_", metavar="FROM", type=click.Path(path_type=Path))
def restore_command(asked: Asked, from_: Path) -> None:
    """Put a backup in the store's place; what was there is kept. Nothing is sent until `run --once --accept`."""
    from nurture.engine.backups import database_of, put_back
    from nurture.store.erasures import FORGOTTEN_AGAIN
    from nurture.wiring import configuration, now, stopped, stopwatch, workshop

    config, elapsed = configuration(asked.root), stopwatch()
    with stopped(asked.root):
        size = from_.stat().st_size if from_.is_file() else 0
        with database_of(config) as database, progress("restoring", size) as tell:
            done = put_back(database, config, from_, now(), tell)
        with workshop(asked.root) as shop:  # brings older tables up to date, and forgets again
            done = replace(done, forgotten=shop.store.declared(FORGOTTEN_AGAIN) or "")
    if asked.json:
        answer({"file": done.file, "bytes": done.bytes, "seconds": round(elapsed(), 3), "decided": done.decided,
                "kept": done.kept, "forgotten": done.forgotten})  # fmt: skip
        return
    say_all(done.lines(elapsed()))
    say_next("nurture status", "nurture run --once --accept")


COMMANDS = {"backup": backup_command, "restore": restore_command}
