"""The verbs about who somebody is to us: forgotten, merged, and what is known of them."""

import asyncio
from collections.abc import Callable
from shlex import quote

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import DECISION, FINE
from nurture.cli.operating import by, speaker
from nurture.cli.output import answer, say, say_all, say_next


@command(
    "forget",
    "nurture forget salma                  says what it will do, and asks",
    "nurture forget salma@example.net --yes",
)
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by
def forget_command(asked: Asked, person: str, yes: bool, by: str) -> int:
    """Erase somebody for good. Only keyed hashes stay, so that they are never written to again."""
    from nurture.engine.forgetting import foretold, forget
    from nurture.wiring import now, workshop

    if asked.json and not yes:
        raise click.UsageError("--json cannot ask; say --yes")
    who = speaker(by)
    with workshop(asked.root) as shop:
        before = foretold(shop, person)
        if not asked.json:
            say_all(before.lines())
        if not yes and not agreed(f"Type {before.label} to go on", before.label, click.prompt):
            say_next(f"nurture export-person {quote(before.label)}", f"nurture show {quote(before.label)}")
            return DECISION
        done = asyncio.run(forget(shop, before.person, who, now()))
    if asked.json:
        answer(done)
        return FINE
    say_all(done.lines())
    say_next("nurture doctor", "nurture status")
    return FINE


@command(
    "merge",
    "nurture merge salma 's.haddad@example.net'      the second becomes the first; says what it will do, and asks",
    "nurture merge salma 4711 --yes",
)
@click.argument("person")
@click.argument("other")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by
def merge_command(asked: Asked, person: str, other: str, yes: bool, by: str) -> int:
    """Make one contact of two who are the same person. Nothing starts by it; it cannot be undone."""
    from nurture.engine.merging import merge, pair
    from nurture.wiring import live, now, workshop

    if asked.json and not yes:
        raise click.UsageError("--json cannot ask; say --yes")
    who = speaker(by)
    with workshop(asked.root) as shop:
        book = live(shop.store).book
        two = pair(shop, person, other, now())
        if not asked.json:
            say_all(two.lines())
        if not yes and not agreed(f"Type {two.other} to go on", two.other, click.prompt):
            say_next(f"nurture show {quote(two.label)}", f"nurture show {quote(two.other)}")
            return DECISION
        done = merge(shop, book, two, who, now())
    if asked.json:
        answer(done)
        return FINE
    say_all(done.lines())
    say_next(f"nurture show {quote(done.label)}", "nurture run --once")
    return FINE


def agreed(question: str, word: str, ask: Callable[..., str]) -> bool:
    """Whether the person typed the word, which nobody does by mistake."""
    try:
        typed = ask(question, default="", show_default=False)
    except click.Abort:
        typed = ""
    if typed.strip() == word:
        return True
    say("Nothing was changed.")
    return False


COMMANDS = {"forget": forget_command, "merge": merge_command}
