"""The verb that brings an older store to this nurture's tables: upgrade."""

from threading import Event

import click

from nurture.cli.command import Asked, command
from nurture.cli.output import answer, say_all, say_next


@command(
    "upgrade",
    "nurture upgrade --dry-run      what would be done",
    "nurture upgrade                do it; a store in a file is copied beside itself before",
)
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
def upgrade_command(asked: Asked, dry_run: bool) -> None:
    """Bring the store to the tables of this nurture: by hand on PostgreSQL; a file is also upgraded by any command."""
    from nurture.engine.backups import store_there
    from nurture.engine.upgrading import done_lines, plan_lines, upgrade_store
    from nurture.store.upgrading import pending
    from nurture.wiring import configuration, now, refuse_beneath, stopwatch

    config, elapsed = configuration(asked.root), stopwatch()
    with store_there(config) as database:
        plan, done = pending(database), None
        if not dry_run:
            refuse_beneath(asked.root, config)
            done = upgrade_store(database, now(), Event().wait)
    if asked.json:
        answer({"from": plan.version, "to": plan.to, "steps": plan.steps, "beside": plan.beside,
                "done": done is not None, "copy": done.copy if done else None})  # fmt: skip
        return
    if done is None:
        say_all(plan_lines(plan))
        say_next(*(("nurture backup", "nurture upgrade") if plan.steps else ("nurture status",)))
        return
    say_all(done_lines(done, elapsed()))
    say_next("nurture status", "nurture doctor")


COMMANDS = {"upgrade": upgrade_command}
