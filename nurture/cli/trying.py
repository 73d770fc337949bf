"""The verbs that ask what would be: simulate, backtest. They change nothing and send nothing."""

from datetime import date, datetime
from pathlib import Path

import click

from nurture.cli.command import Asked, Day, Instant, command
from nurture.cli.output import answer, plural, say, say_all, say_next
from nurture.cli.progress import progress


@command(
    "simulate",
    "nurture simulate --days 14                                  everybody, from now",
    "nurture simulate --people salma,noa --from 2027-03-01       only these two",
)
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How far to look ahead.")
@click.option("--people", "names", default="", help="Ids or addresses, separated by commas; without it, everybody.")
@click.option("--from", "start", type=Instant(), help="Begin here instead of now.")
def simulate_command(asked: Asked, days: int, names: str, start: datetime | None) -> None:
    """Show what the files as they are would send in the next days, mail by mail, on each reader's clock.

    Timers only: nothing new happens to anybody in it, no orders, no answers. Nothing is stored or sent.
    """
    from nurture.engine.simulation import simulate
    from nurture.engine.switches import switch_lines
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        wanted = [name.strip() for name in names.split(",") if name.strip()]
        with progress("simulating", shop.store.counts().people) as tell:
            calendar = simulate(shop, wanted, start, days, now(), tell)
        switches = shop.store.switches()
    if asked.json:
        answer(calendar)
        return
    say_all(calendar.lines())
    say_all(switch_lines(switches))
    say("Timers only: no new orders or answers are imagined.")
    say_next("nurture explain PERSON", "nurture apply")


@command(
    "backtest",
    "nurture backtest --from 1997-01-01 --to 1998-06-30 --out then.csv",
    "nurture backtest --from 2026-01-01 --to 2026-12-31 --assume reachable --out then.csv",
)
@click.option("--from", "start", type=Day(), required=True, help="The first day.")
@click.option("--to", "end", type=Day(), required=True, help="The last day.")
@click.option(
    "--assume",
    type=click.Choice(["reachable"]),
    help="Everybody has an address and agreed to every topic.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where the lines go (CSV).")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=None, help="How many at a time; without it, one a core."
)
def backtest_command(
    asked: Asked, start: date, end: date, assume: str | None, out: Path, processes: int | None
) -> None:
    """Show who would have had what, when, and why not, had the files as they are been live then.

    Every order and answer in the store is taken as known the moment it happened. The file has one line
    for each mail and each refusal: person, their local time, sequence, mail, what came of it, why.
    """
    from nurture.engine.retrospect import retrospect, write_lines
    from nurture.wiring import workshop

    if end < start:
        raise click.UsageError("--to lies before --from")
    if not out.absolute().parent.is_dir():
        raise click.UsageError(f"--out {out}: there is no folder {out.parent}")
    with workshop(asked.root) as shop, progress("backtest", shop.store.counts().people) as tell:
        tally = retrospect(shop, start, end, assume == "reachable", tell, processes or 0)
    write_lines(tally, out)
    counts = [{"sequence": s, "month": m, "what": w, "count": n} for (s, m, w), n in sorted(tally.counts.items())]
    if asked.json:
        answer({"people": tally.people, "lines": len(tally.lines), "file": out, "counts": counts})
        return
    for row in counts:
        say(f"{row['month']}  {row['sequence']:<28} {row['what']:<28} {row['count']:>9,}")
    say(f"{plural(tally.people, 'person', 'people')}, {plural(len(tally.lines), 'line')} in {out}")
    lacking = sum(count for (_, _, what), count in tally.counts.items() if what in UNREACHABLE)
    if lacking:
        say(f"{lacking:,} for want of an address or a consent at the time; --assume reachable asks without that")
    say_next("nurture simulate --days 14", "nurture apply")


UNREACHABLE = ("no_address", "no_consent")
COMMANDS = {"simulate": simulate_command, "backtest": backtest_command}
