"""The verbs for what came from outside: received, sync."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, plural, say, say_next

FEW = 20


@command(
    "received",
    "nurture received                   posts from outside that could not be read, and why",
    "nurture received --again           read them again: after an upgrade, or when their cause is gone",
    "nurture received --again 4711      only that one",
    "nurture received --drop 4711       nothing can be done about that one: say no more of it",
)
@click.argument("number", required=False, type=click.IntRange(min=1))
@click.option("--again", is_flag=True, help="Have them read again, now.")
@click.option("--drop", is_flag=True, help="Let that one be: nobody is told of it any more.")
@click.option("--limit", type=click.IntRange(min=1), default=FEW, show_default=True, help="How many are shown.")
def received_command(asked: Asked, number: int | None, again: bool, drop: bool, limit: int) -> int:
    """Show what providers and shops posted and nobody could read. It is kept, and nothing of it is lost.

    Exits 1 while there is any.
    """
    from nurture.engine.taking import take_received
    from nurture.wiring import live, now, workshop

    if drop and (again or number is None):
        raise click.UsageError("--drop goes with the number of one post, and without --again")
    taken, dropped = None, 0
    with workshop(asked.root) as shop:
        if again:
            book = live(shop.store)
            shop.store.received.again([number] if number else [])
            taken = take_received(shop, book, now())
        if drop:
            dropped = shop.store.received.set_aside([number] if number else [], now())
        waiting, bad = shop.store.received.how_many()
        found = [one for one in shop.store.received.problems(limit) if number in (None, one.number)]
    if asked.json:
        listed = [{"number": one.number, "source": one.source, "at": one.at, "problem": one.problem} for one in found]
        answer({"waiting": waiting, "unreadable": bad, "posts": listed, "again": dict(taken or {}), "dropped": dropped})
        return FINDINGS if bad else FINE
    if taken is not None:
        say(f"{plural(taken['taken'], 'post')} read now")
    if drop:
        say(f"post {number} is let be" if dropped else f"there is no post {number} that could not be read")
    for one in found:
        say(f"{one.number:>8}  {one.at:%Y-%m-%d %H:%M} UTC  {one.source:<16} {one.size:>9,} bytes  {one.problem}")
    if bad > len(found) and number is None:
        say(f"and {bad - len(found):,} more")
    say(f"{plural(bad, 'post')} could not be read, {waiting:,} wait to be read" if bad or waiting else "all is read")
    say_next("nurture received --again" if bad else "nurture status")
    return FINDINGS if bad else FINE


@command(
    "sync",
    "nurture sync              what came onto the provider's lists; the daemon does it nightly",
    "nurture sync --whole      the lists from their beginning",
)
@click.option("--whole", is_flag=True, help="Read the lists from their beginning.")
def sync_command(asked: Asked, whole: bool) -> int:
    """Read SendGrid's lists of bounces, invalid addresses, blocks, spam reports and unsubscribes.

    Whoever is on them is treated as the event would have it, had it come. Nobody is written to again because of it.
    """
    import asyncio

    from nurture.deliver.sendgrid_suppressions import NotToldError
    from nurture.engine.faults import StateError
    from nurture.engine.hand_over import directly
    from nurture.engine.syncing import can_sync, sync
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        if not can_sync(shop):
            raise StateError("there are no lists to read: provider.name is not sendgrid, or its key is not set")
        try:
            found = asyncio.run(sync(shop, now(), directly, whole))
        except NotToldError as fault:
            raise StateError(str(fault)) from fault
    if asked.json:
        answer({"new": dict(found)})
        return FINE
    for name, count in found.items():
        say(f"{name.replace('_', ' '):<16} {count:>7,} new")
    say_next("nurture run --once", "nurture status")
    return FINE


COMMANDS = {"received": received_command, "sync": sync_command}
