"""The verb that lets go what is old enough: prune."""

from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, command
from nurture.cli.output import answer, say, say_next
from nurture.cli.progress import progress

if TYPE_CHECKING:
    from nurture.engine.pruning import Aged


@command(
    "prune",
    "nurture prune --dry-run    what is old enough to go, by `keep:` of house/rules.yaml",
    "nurture prune              let it go now; the daemon does it at quiet moments",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def prune_command(asked: Asked, dry_run: bool) -> None:
    """Let go what is older than the live house rules keep. Nothing that a decision needs ever goes.

    Events, mails with their keys, enrolments, consents, refusals and suppressions stay for ever.
    """
    from nurture.engine.pruning import prune_all, would_go
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        keep, moment = live(shop.store).book.rules.keep, now()
        if dry_run:
            found = list(would_go(shop, keep, moment))
        else:
            with progress("pruning", sum(one.rows for one in would_go(shop, keep, moment))) as tell:
                found = list(prune_all(shop, keep, moment, tell))
    if asked.json:
        answer({"dry_run": dry_run, "kinds": found})
        return
    for one in found:
        say(_line(one, "would go" if dry_run else "went"))
    say_next("nurture prune" if dry_run and any(one.rows for one in found) else "nurture status")


def _line(one: "Aged", went: str) -> str:
    from nurture.engine.pruning import WORDS

    since = f"; all since {one.kept_since:%Y-%m-%d} is there" if one.kept_since else ""
    return f"{one.rows:>12,}  {WORDS[one.kind]} from before {one.before:%Y-%m-%d} {went}{since}"


COMMANDS = {"prune": prune_command}
