"""The verbs that do the work: run, rebuild."""

from datetime import datetime

import click

from nurture.cli.command import Asked, Instant, command
from nurture.cli.edge import FINDINGS, FINE, TROUBLE
from nurture.cli.output import answer, plural, say, say_all, say_next
from nurture.cli.progress import progress


@command(
    "run",
    "nurture run --once                                  decide and hand over what is due, then stop",
    "nurture run --dry-run                               the same, but stop before anything is written",
    "nurture run --dry-run --at '2027-03-08 10:00'       as if it were then",
)
@click.option("--once", is_flag=True, help="One round, then stop; for cron and for tests.")
@click.option("--dry-run", is_flag=True, help="Show what would go; write and send nothing.")
@click.option("--accept", is_flag=True, help="Go on with a store that was copied or restored; a person has looked.")
@click.option("--at", type=Instant(), help="Only with --dry-run: as if it were that moment.")
def run_command(asked: Asked, once: bool, dry_run: bool, accept: bool, at: datetime | None) -> int:
    """Decide for everybody for whom something fell due, and hand the mails over."""
    if once == dry_run:
        raise click.UsageError("say --once or --dry-run")
    if at and not dry_run:
        raise click.UsageError("--at goes only with --dry-run")
    return try_round(asked, at) if dry_run else one_round(asked, accept)


def one_round(asked: Asked, accept: bool) -> int:
    """`run --once`."""
    from nurture.engine.accepting import accept as accept_store
    from nurture.engine.hand_over import hand_over_all
    from nurture.engine.tick import refuse_leap, tick
    from nurture.wiring import alone, live, now, workshop

    with alone(asked.root, wait), workshop(asked.root) as shop:
        book = live(shop.store)
        moment = now()
        if accept:
            held = accept_store(shop, book, moment)
        else:
            held = 0
            refuse_leap(shop.store, moment)
        with progress("deciding", shop.store.counts().people) as tell:
            ticked = tick(shop.store, book.book, moment, tell)
        with progress("handing over", ticked.intents) as tell:
            handed = hand_over_all(shop, book, moment, tell=tell, clock=now)
        handed.in_doubt_before += held
    if asked.json:
        answer({"at": moment, **ticked.counts(), **handed.document()})
        return TROUBLE if handed.stuck else FINE
    if ticked.decided_until:
        until = f"{ticked.decided_until:%Y-%m-%d %H:%M}"
        say(f"All up to {until} UTC was decided before; nothing new falls due until then. Is the clock right?")
    say(f"{plural(ticked.people, 'person', 'people')} looked at, {plural(ticked.intents, 'mail')} decided")
    say_all(handed.words(shop.config.folder))
    say_next("nurture show PERSON", "nurture explain PERSON")
    return TROUBLE if handed.stuck else FINE


def wait() -> None:
    """Say why nothing happens yet."""
    click.echo("another run is at work; waiting for it", err=True)


def try_round(asked: Asked, at: datetime | None) -> int:
    """`run --dry-run`: the same code, stopped before commit."""
    from nurture.engine.dry_run import dry_run
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        book = live(shop.store)
        with progress("deciding", shop.store.counts().people) as tell:
            found = dry_run(shop, book, at, now(), tell)
    if asked.json:
        answer(found)
        return FINE
    say_all(found.lines())
    say_next("nurture run --once", "nurture explain PERSON")
    return FINE


@command("rebuild", "nurture rebuild      recompute, compare, and say what differed")
def rebuild_command(asked: Asked) -> int:
    """Recompute everything that follows from the events, and prove it equal to what is stored. Starts nothing."""
    from nurture.engine.rebuilding import rebuild
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        book = live(shop.store).book
        with progress("rebuilding", shop.store.counts().people) as tell:
            found = rebuild(shop.store, book, now(), tell)
    if asked.json:
        answer(found)
    else:
        say_all(found.lines())
        say_next("nurture run --once" if found.equal else "nurture explain PERSON")
    return FINE if found.equal else FINDINGS


COMMANDS = {"run": run_command, "rebuild": rebuild_command}
