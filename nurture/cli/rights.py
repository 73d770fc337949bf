"""The verbs about who somebody is to us: forgotten, merged, and what is known of them."""

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path
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
    "nurture merge salma 's.haddad@example.net'   the second becomes the first; says how, and asks",
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


@command(
    "export-person",
    "nurture export-person salma                       into salma.zip: data and a page to read",
    "nurture export-person salma --output for_her.zip",
)
@click.argument("person")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The archive; by default PERSON.zip.")
def export_command(asked: Asked, person: str, output: Path | None) -> None:
    """Put all that is known of somebody into one archive, for them: as JSON, and as a page that people read."""
    from nurture.engine.applying import live_book
    from nurture.engine.exporting import export
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        done = export(shop, live_book(shop.store), person, now())
    file = output or Path(f"{re.sub(r'[^A-Za-z0-9._@-]', '_', done.label)}.zip")
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as archive:
        archive.write(done.data)
    if asked.json:
        answer({"person": done.person, "file": file, "rows": done.rows})
        return
    say_all(done.lines(str(file)))
    say_next(f"nurture show {quote(done.label)}", f"nurture forget {quote(done.label)}")


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


COMMANDS = {"forget": forget_command, "merge": merge_command, "export-person": export_command}
