"""The verbs that ask what would be: simulate, backtest. They change nothing and send nothing."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, Day, Instant, LengthOfTime, command
from nurture.cli.output import answer, plural, say, say_next
from nurture.cli.progress import progress

if TYPE_CHECKING:
    from nurture.model.length import Length


@command(
    "simulate",
    "nurture simulate --days 14                             everybody, from now",
    "nurture simulate --people salma,noa --from 2027-03-01  only these two, mail by mail",
    "nurture simulate --days 30 --compare applied           the files beside what is live",
    "nurture simulate --down 3d                             as if nobody looked for three days",
)
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How far to look ahead.")
@click.option("--people", "names", default="", help="Ids or addresses, separated by commas; without it, everybody.")
@click.option("--from", "start", type=Instant(), help="Begin here instead of now.")
@click.option("--no-events", is_flag=True, help="Timers only: imagine no orders and no answers.")
@click.option("--compare", type=click.Choice(["applied"]), help="Put the live versions beside the files.")
@click.option("--down", type=LengthOfTime(), help="An outage: for so long from now on nobody looks (3d, 36h).")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the calendar as a page.")
@click.option("--processes", type=click.IntRange(1, 64), default=None, help="How many at a time; else one a core.")
def simulate_command(
    asked: Asked,
    days: int,
    names: str,
    start: datetime | None,
    no_events: bool,
    compare: str | None,
    down: "Length | None",
    html: Path | None,
    processes: int | None,
) -> None:
    """Show what the files as they are would send in the next days. Nothing is stored, drawn or sent.

    For everybody it counts, per day and class, and imagines what happens to people by the last 90 days: each gets
    the days of somebody who stood where they stand. For people who are named it tells every mail, and imagines nothing.
    """
    from nurture.cli.forecasting import Wishes, ask_everybody, ask_some

    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if wanted:
        if compare or down or html:
            raise click.UsageError("--compare, --down and --html are for everybody; leave out --people")
        ask_some(asked, wanted, start, days)
        return
    ask_everybody(asked, start, days, Wishes(not no_events, bool(compare), down, html, processes or 0))


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
