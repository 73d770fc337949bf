"""The verb that shows it all on a made-up shop: demo."""

from datetime import UTC, datetime
from pathlib import Path

import click

from nurture.cli.command import Asked, Instant, command
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, say_all, say_next


@command("demo", "nurture demo      a shop of 300 people, in ./demo/")
@click.option("--into", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="The folder.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another number, another shop.")
@click.option("--people", "count", type=click.IntRange(10, 5000), default=300, show_default=True, help="How many.")
@click.option("--at", type=Instant(), help="Up to when it runs, in UTC; without it, now.")
def demo_command(asked: Asked, into: Path, seed: int, count: int, at: datetime | None) -> int:
    """Run the starter book on a made-up shop: 60 days into a folder, the next 14 simulated, two explained."""
    from nurture.cli.progress import progress
    from nurture.engine.demo import DAYS, run_demo
    from nurture.wiring import now, workshop

    until = now() if at is None else at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    with progress("60 days of a small shop", DAYS) as tell:
        shown = run_demo(into.resolve(), seed, count, until, workshop, tell)
    if asked.json:
        answer(shown)
    else:
        say_all(shown.lines())
        say_next(f"cd {into} && nurture show {shown.example}", "nurture preview --all --open")
    return FINE if shown.complete else FINDINGS


COMMANDS = {"demo": demo_command}
