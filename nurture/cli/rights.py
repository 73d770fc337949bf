"""The verb by which somebody is forgotten."""

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


COMMANDS = {"forget": forget_command}
