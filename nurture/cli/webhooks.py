"""The verb for calls of other systems: webhooks."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.operating import because, by, speaker
from nurture.cli.output import answer, say, say_all, say_next

FEW = 20
EVERYTHING = 1_000_000_000


@command(
    "webhooks",
    "nurture webhooks                        what waits, is on its way, or failed",
    "nurture webhooks retry 4f2a9c           call now; also one that failed",
    "nurture webhooks give-up 4f2a9c --because 'the ERP is gone'",
)
@click.argument("act", required=False, type=click.Choice(["retry", "give-up"]))
@click.argument("key", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=FEW, show_default=True, help="How many of each kind.")
@click.option("--all", "everything", is_flag=True, help="All of each kind, also those that were answered.")
@because
@by
def webhooks_command(
    asked: Asked, act: str | None, key: str | None, limit: int, everything: bool, because: str, by: str
) -> None:
    """Show the calls of other systems, or do something with one. KEY is the beginning of its Idempotency-Key."""
    from nurture.engine.webhooks import do, listing
    from nurture.wiring import now, workshop

    if act is None:
        with workshop(asked.root) as shop:
            found = listing(shop, EVERYTHING if everything else limit, everything)
        if asked.json:
            return answer(found)
        say_all(found.lines())
        first = next((one for one in found.calls if one.state in ("planned", "failed")), None)
        return say_next(*([f"nurture webhooks retry {first.key[:12]}"] if first else []), "nurture status")
    if not key:
        raise click.UsageError(f"say which: nurture webhooks {act} KEY; `nurture webhooks` shows the keys")
    with workshop(asked.root) as shop:
        said = do(shop, act, key, speaker(by), " ".join(because.split()), now())
    if asked.json:
        return answer({"act": act, "said": said})
    say(said)
    return say_next("nurture run --once" if act == "retry" else "nurture webhooks")


COMMANDS = {"webhooks": webhooks_command}
