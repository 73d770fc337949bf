"""The verb that says what is wrong around a project: doctor."""

from contextlib import ExitStack

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, say_all, say_next


@command(
    "doctor",
    "nurture doctor                what is wrong, what is worth a look, what is fine",
    "nurture doctor --offline      asks neither DNS nor the web address",
)
@click.option("--offline", is_flag=True, help="Ask nobody outside this machine.")
def doctor_command(asked: Asked, offline: bool) -> int:
    """Look at everything around the project: config, store, keys, DNS, clock, daemon, mail that is stuck.

    Asks DNS for the sender's domain and the web address for a sign of life. Exits 1 when anything is wrong.
    """
    from nurture.deliver.domain import Dns
    from nurture.deliver.reaching import why_unreachable
    from nurture.engine.examining import Outside, examine, misconfigured
    from nurture.engine.faults import StateError
    from nurture.store.probe import Reach, probe
    from nurture.wiring import gone, looked_at, now, workshop

    config, problems, there = looked_at(asked.root)
    if config is None:
        found = misconfigured(problems)
    else:
        outside = Outside(gone=gone(asked.root)) if offline else Outside(Dns(), why_unreachable, gone(asked.root))
        reached = probe(config.store_url)
        with ExitStack() as opened:
            try:
                shop = opened.enter_context(workshop(asked.root)) if reached.reach is Reach.ready else ""
            except StateError as error:
                shop = str(error)
            found = examine(config, there, reached, shop, now(), outside)
    if asked.json:
        answer({"healthy": found.healthy, "findings": found.findings})
    else:
        say_all(found.lines())
        say_next("nurture status" if found.healthy else "mend what is wrong, then nurture doctor")
    return FINE if found.healthy else FINDINGS


COMMANDS = {"doctor": doctor_command}
