"""The verb that takes people into a sequence by hand: enrol."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, LengthOfTime, command
from nurture.cli.edge import DECISION, FINE
from nurture.cli.output import answer, plural, say, say_all, say_next, typed
from nurture.cli.progress import progress
from nurture.model.length import Length

if TYPE_CHECKING:
    from nurture.engine.enrolling import Fulfilling


@command(
    "enrol",
    "nurture enrol tea_course salma ben@example.net          these people, now",
    "nurture enrol gone_quiet --already                      how many fulfil its start already?",
    "nurture enrol gone_quiet --already --spread '14 days'   take them in, a few at a time",
)
@click.argument("sequence")
@click.argument("people", metavar="PERSON...", nargs=-1)
@click.option("--already", is_flag=True, help="Everybody who fulfils what starts it already; asks first.")
@click.option("--spread", type=LengthOfTime(), help="With --already: over so long, each at their own turn.")
@click.option("--yes", "agreed_to", type=click.IntRange(min=0), metavar="N", help="Do not ask: they are N.")
def enrol_command(
    asked: Asked, sequence: str, people: tuple[str, ...], already: bool, spread: Length | None, agreed_to: int | None
) -> int:
    """Take people into a sequence on purpose. They are asked like everybody who starts: `again` and limits hold."""
    if already == bool(people):
        raise click.UsageError("name people, or say --already")
    if not already and (spread or agreed_to is not None):
        raise click.UsageError("--spread and --yes go with --already")
    if asked.json and already and agreed_to is None:
        raise click.UsageError("--json cannot ask; say --yes N")
    return those_who_fulfil(asked, sequence, spread, agreed_to) if already else these(asked, sequence, people)


def these(asked: Asked, sequence: str, people: tuple[str, ...]) -> int:
    """`enrol SEQUENCE PERSON...`."""
    from nurture.engine.enrolling import enrol_people
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        found = enrol_people(shop, live(shop.store).book, sequence, people, now())
    if asked.json:
        answer({"sequence": sequence, "people": found})
        return FINE
    for one in found:
        because = f" ({one.found})" if one.found else ""
        say(f"{one.person} {'starts' if one.starts else 'will not start'}: {one.why}{because}")
    say_next("nurture run --once", "nurture explain PERSON")
    return FINE


def those_who_fulfil(asked: Asked, sequence: str, spread: Length | None, agreed_to: int | None) -> int:
    """`enrol SEQUENCE --already`."""
    from nurture.engine.enrolling import enrol_fulfilling, fulfilling
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        book, moment = live(shop.store).book, now()
        with progress("looking", shop.store.counts().people) as tell:
            found = fulfilling(shop, book, sequence, moment, tell)
        if not asked.json:
            say_all(found.lines())
        if not agreed(found, agreed_to, asked.json, click.prompt):
            return DECISION
        done = enrol_fulfilling(shop, book, found, spread, moment) if found.people else 0
    if asked.json:
        answer({"sequence": sequence, "enrolled": done, "refused": found.refused, "awaited": found.awaited})
        return FINE
    over = f", spread over {spread}" if spread and done else ""
    say(f"{plural(done, 'person', 'people')} taken in{over}.")
    say_next("nurture run --once", f"nurture status   ·   nurture pause {sequence}")
    return FINE


def agreed(found: "Fulfilling", agreed_to: int | None, quiet: bool, ask: Callable[..., str]) -> bool:
    """Whether somebody said how many they are, which nobody does by mistake."""
    count = len(found.people)
    if agreed_to == count or (agreed_to is None and not count):
        return True
    if agreed_to is not None:
        if quiet:
            answer({"sequence": found.sequence, "enrolled": 0, "would_start": count, "said": agreed_to})
            return False
        say(f"--yes says {agreed_to:,}, but they are {count:,}.")
    elif typed(count, "take them in", ask):
        return True
    say("Nothing was changed.")
    say_next(f"nurture enrol {found.sequence} --already --spread '14 days' --yes {count}")
    return False


COMMANDS = {"enrol": enrol_command}
