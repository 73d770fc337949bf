"""The verb of many workers: worker."""

import os
import platform

import click

from nurture.cli.command import Asked, command

ON_SQLITE = (
    "workers share a store on PostgreSQL, and this shop's is SQLite, where `nurture run` does all in one process. "
    "`nurture move-store` takes a shop over to PostgreSQL"
)


@command(
    "worker",
    "nurture worker                one of any number, on any machine, until it is stopped",
    "nurture worker --join         the first time on a further machine",
)
@click.option("--join", is_flag=True, help="This machine is to work on this store too: a person knows it is no copy.")
@click.option("--log", type=click.Choice(["text", "json"]), help="How it writes its log, to standard error.")
def worker_command(asked: Asked, join: bool, log: str | None) -> int:
    """Decide and hand over, sharing the work with every other worker on a store on PostgreSQL."""
    from nurture import observe
    from nurture.cli.running import doors, lived
    from nurture.engine.faults import RefusedError
    from nurture.wiring import configuration, ready_to_send

    config = configuration(asked.root)
    if config.store_url.startswith("sqlite"):
        raise RefusedError(ON_SQLITE)
    ready_to_send(config)
    observe.show_on_stderr(asked.json or log == "json")
    observe.always(worker=f"{platform.node()}:{os.getpid()}")

    from nurture.workers.life import serve

    return lived(serve(asked.root, doors(config), join))


COMMANDS = {"worker": worker_command}
