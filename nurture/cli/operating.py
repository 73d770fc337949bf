"""The verbs of whoever keeps it running: status, halt, unhalt, pause, resume, stop."""

from collections.abc import Callable

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import DECISION, FINE
from nurture.cli.output import answer, plural, say, say_all, say_next, typed

by = click.option("--by", metavar="NAME", default="", help="Who says so; without it, who is logged in.")
because = click.option("--because", metavar="WORDS", default="", help="Why; `explain` and `status` show it.")


def speaker(name: str) -> str:
    """Who is kept as having said it."""
    from nurture.cli.applying import who

    return name or who()


@command(
    "halt",
    "nurture halt                                         nothing is sent any more",
    "nurture halt --keep-service --because 'wrong price'  answers that are owed still go",
)
@click.option("--keep-service", is_flag=True, help="Service mail still goes.")
@because
@by
def halt_command(asked: Asked, keep_service: bool, because: str, by: str) -> None:
    """Hold all sending until `nurture unhalt`. People start and move on meanwhile; due mail waits."""
    from nurture.engine.switches import halt, switch_lines
    from nurture.model.switch import Switch, Word
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        moment = now()
        switch = Switch(Word.halt, moment, speaker(by), "", because, keep_service)
        said = halt(shop.store, switch, moment)
    if asked.json:
        answer(said)
        return
    if said.before:
        say("It was halted already; the first moment stays.")
    say_all(switch_lines(said.switches))
    say_next("nurture status", "nurture unhalt")


@command("unhalt", "nurture unhalt      sending goes on")
def unhalt_command(asked: Asked) -> None:
    """Let sending go on, whoever halted it: a person, or nurture itself when the provider refused us."""
    from nurture.engine.switches import unhalt
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        said, halted = unhalt(shop.store, now()), shop.store.halted
    if asked.json:
        answer(said)
        return
    for switch in said.switches:
        say(f"Sending goes on; it was {switch.words}.")
    if not said.switches:
        say("Nothing was halted.")
    if halted:
        say(f"But still nothing is sent: {halted}.")
    say_next("nurture run --once --accept" if halted else "nurture status")


@command(
    "pause",
    "nurture pause gone_quiet                        it sends nothing; waits go on",
    "nurture pause gone_quiet vip --because 'audit'  two at once",
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@because
@by
def pause_command(asked: Asked, names: tuple[str, ...], because: str, by: str) -> None:
    """Hold the mail of a sequence until `nurture resume`, also over an `apply`. Mail too old by then expires."""
    from nurture.engine.switches import pause, switch_lines
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        said = pause(shop.store, live(shop.store).book, names, speaker(by), because, now())
    if asked.json:
        answer(said)
        return
    for switch in said.before:
        say(f"{switch.sequence} was paused already; the first moment stays.")
    say_all(switch_lines(said.switches))
    say_next(f"nurture resume {' '.join(names)}", "nurture status")


@command("resume", "nurture resume gone_quiet      it starts people and sends again")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def resume_command(asked: Asked, names: tuple[str, ...]) -> None:
    """Take back a pause or a stop. Those whom a stop let out stay out; new people may start."""
    from nurture.engine.switches import resume
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop:
        said = resume(shop.store, live(shop.store).book, names, now())
    if asked.json:
        answer(said)
        return
    for switch in said.switches:
        say(f"{switch.sequence} goes on; it was {switch.words}.")
    for name in names:
        if name not in {switch.sequence for switch in said.switches}:
            say(f"{name} was neither paused nor stopped at the command line; its file says its status.")
    say_next("nurture run --once", "nurture status")


@command(
    "stop",
    "nurture stop gone_quiet            shows how many are inside, and asks",
    "nurture stop gone_quiet --yes      does not ask",
)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@because
@by
def stop_command(asked: Asked, name: str, yes: bool, because: str, by: str) -> int:
    """End a sequence now for all inside; nobody starts, and no mail of it goes, until `nurture resume`."""
    from nurture.cli.progress import progress
    from nurture.engine.switches import inside, let_out, stop, switch_lines
    from nurture.model.switch import Switch, Word
    from nurture.wiring import live, now, workshop

    if asked.json and not yes:
        raise click.UsageError("--json cannot ask; say --yes")
    who = speaker(by)
    with workshop(asked.root) as shop:
        count = inside(shop.store, live(shop.store).book, name)
        if not yes and not agreed(name, count, who, click.prompt):
            return DECISION
        moment = now()
        said = stop(shop.store, Switch(Word.stop, moment, who, name, because), moment)
        with progress("ending", count) as tell:
            let_out(shop.store, live(shop.store).book, name, moment, tell)
        ended = count - shop.store.inside(name)
    if asked.json:
        answer({"switches": said.switches, "before": said.before, "inside": count, "ended": ended})
        return FINE
    say_all(switch_lines(said.switches))
    say(f"{plural(ended, 'enrolment')} ended: stopped by {who}.")
    say_next(f"nurture resume {name}", "nurture status")
    return FINE


def agreed(name: str, count: int, who: str, ask: Callable[..., str]) -> bool:
    """Whether the person typed how many are inside, which nobody does by mistake."""
    if not count:
        return True
    say(f"{count:,} {'is' if count == 1 else 'are'} inside {name}. They end now, as `stopped by {who}`, for good.")
    if typed(count, "end them", ask):
        return True
    say("Nothing was changed.")
    say_next(f"nurture pause {name}", f"nurture stop {name} --yes")
    return False


@command("status", "nurture status      what runs, what waits, what comes next")
def status_command(asked: Asked) -> None:
    """Show what runs and since when, what is paused, what waits, what is next and what went today."""
    from nurture.engine.status import status
    from nurture.wiring import gone, now, workshop

    with workshop(asked.root) as shop:
        found = status(shop, now(), gone(asked.root))
    if asked.json:
        answer(found)
        return
    say_all(found.lines())
    say_next("nurture doctor", "nurture outbox", "nurture simulate --days 14")


COMMANDS = {
    "halt": halt_command,
    "unhalt": unhalt_command,
    "pause": pause_command,
    "resume": resume_command,
    "stop": stop_command,
    "status": status_command,
}
