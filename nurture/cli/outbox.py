"""The verbs for what lies in the outbox: outbox, release."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.output import answer, plural, say, say_all, say_next

FEW = 20


@command(
    "outbox",
    "nurture outbox                              what waits, is held, in doubt, refused or unknown",
    "nurture outbox --in-doubt                   only what may have gone",
    "nurture outbox resend 4f2a9c --because 'their log does not have it'",
    "nurture outbox went 4f2a9c --because 'their log has it'",
    "nurture outbox drop 4f2a9c --because 'the price was wrong'",
)
@click.argument("act", required=False, type=click.Choice(["resend", "drop", "went"]))
@click.argument("key", required=False)
@click.option("--because", default="", help="Why; kept with the mail, and said by `nurture explain`.")
@click.option("--waiting", is_flag=True, help="Only what waits to be handed over, in the order in which it goes.")
@click.option("--held", is_flag=True, help="Only what the brake holds.")
@click.option("--in-doubt", "in_doubt", is_flag=True, help="Only what may have gone.")
@click.option("--refused", is_flag=True, help="Only what was refused or cannot be written.")
@click.option("--unknown", is_flag=True, help="Only what was in doubt for too long.")
@click.option("--limit", type=click.IntRange(min=1), default=FEW, show_default=True, help="How many of each kind.")
@click.option("--all", "everything", is_flag=True, help="All of each kind, however many.")
def outbox_command(
    asked: Asked,
    act: str | None,
    key: str | None,
    because: str,
    waiting: bool,
    held: bool,
    in_doubt: bool,
    refused: bool,
    unknown: bool,
    limit: int,
    everything: bool,
) -> None:
    """Show what lies in the outbox, or do something with one mail of it. KEY is the beginning of a send key."""
    if act is not None:
        return act_on(asked, act, key or "", because.strip())
    from nurture.engine.by_hand import listing
    from nurture.model.mail import Fate
    from nurture.wiring import workshop

    wanted = {Fate.planned: waiting, Fate.held: held, Fate.in_doubt: in_doubt}
    wanted |= {Fate.refused: refused, Fate.unknown: unknown}
    states = [state for state, is_wanted in wanted.items() if is_wanted]
    with workshop(asked.root) as shop:
        found = listing(shop, states, EVERYTHING if everything else limit)
    if asked.json:
        answer(found)
        return None
    say_all(found.lines())
    say_next(*found.more, "nurture explain PERSON" if found.mails else "nurture status")
    return None


EVERYTHING = 1_000_000_000


def act_on(asked: Asked, act: str, key: str, because: str) -> None:
    """`outbox resend`, `drop`, `went`."""
    from nurture.cli.applying import who
    from nurture.engine.by_hand import do
    from nurture.wiring import now, workshop

    if not key:
        raise click.UsageError(f"say which mail: nurture outbox {act} KEY; `nurture outbox` shows the keys")
    if not because:
        raise click.UsageError("say why: --because '…' is kept with the mail")
    with workshop(asked.root) as shop:
        said = do(shop, act, key, who(), because, now())
    if asked.json:
        answer({"act": act, "said": said})
        return
    say(said)
    say_next("nurture outbox", "nurture run --once" if act == "resend" else "nurture explain PERSON")


@command(
    "release",
    "nurture release                          how many does the brake hold?",
    "nurture release 500                      let the oldest 500 go",
    "nurture release --all --mail spring_tea  let all of one mail go",
)
@click.argument("number", required=False, type=click.IntRange(min=1))
@click.option("--all", "everything", is_flag=True, help="All that are held, or all of --mail or --sequence.")
@click.option("--mail", default="", help="Only this mail.")
@click.option("--sequence", default="", help="Only of this sequence.")
def release_command(asked: Asked, number: int | None, everything: bool, mail: str, sequence: str) -> None:
    """Let mails go that the brake holds, the oldest first. They pass the brake; the last look judges them again."""
    from nurture.engine.by_hand import Released, held, release
    from nurture.wiring import workshop

    if number is not None and everything:
        raise click.UsageError("say a number or --all")
    with workshop(asked.root) as shop:
        let_go = number is not None or everything
        done = release(shop, number, mail, sequence) if let_go else Released(0, held(shop))
    if asked.json:
        answer(done)
        return
    say(f"{plural(done.released, 'mail')} let go, {done.held:,} held")
    if done.released:
        say_next("nurture run --once", "nurture outbox --waiting")
    else:
        say_next("nurture outbox --held", "nurture release --all")


COMMANDS = {"outbox": outbox_command, "release": release_command}
