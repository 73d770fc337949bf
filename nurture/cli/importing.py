"""The verb that takes data in: import."""

from pathlib import Path

import click

from nurture.cli.command import Asked, LengthOfTime, command
from nurture.cli.output import answer, say, say_next
from nurture.cli.progress import progress
from nurture.model.length import Length

KINDS = ("contacts", "orders", "events", "consents", "suppressions", "sends")
READABLE = click.Path(path_type=Path, exists=True, dir_okay=False)


def column_map(_ctx: click.Context, _option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """`--map COLUMN=NAME` pairs as a table."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise click.BadParameter(f"'{wrong[0]}' is not COLUMN=NAME")
    return dict(pair.rsplit("=", 1) for pair in pairs)


@command(
    "import",
    "nurture import contacts people.csv --consent order_care --basis 'bought in our shop'",
    "nurture import orders log.csv --map customer_id=id --map date=at --map amount=total",
    "nurture import orders log.csv --map customer=id --map date=at --delivered-after '3 days'",
    "nurture import suppressions bounces.csv --map address=email",
    "nurture import subscriptions.csv --thing subscription",
    "nurture import week.csv --numbers cups",
    "nurture import redeemed.csv --codes-used",
)
@click.argument("kind", metavar="KIND")
@click.argument("file", required=False, type=READABLE)
@click.option(
    "--map",
    "columns",
    multiple=True,
    callback=column_map,
    metavar="COLUMN=NAME",
    help="Which column is what: id email at event outside_id consent, or a name of the catalogue.",
)
@click.option("--delivered-after", type=LengthOfTime(), help="Every order is delivered so much later: '3 days'.")
@click.option("--consent", default="", metavar="TOPICS", help="What all of them agreed to; without it, nothing.")
@click.option("--basis", default="", help="On what ground they agreed; kept with each consent.")
@click.option(
    "--ask", is_flag=True, help="They have not agreed yet: ask each by the topic's mail to confirm by a click."
)
@click.option("--none", "nobody", is_flag=True, help="Only with suppressions: there is nobody who must not have mail.")
@click.option("--thing", metavar="NAME", default="", help="The file is of this thing of the catalogue; without KIND.")
@click.option("--numbers", metavar="NAME", default="", help="The file is of these numbers; without KIND.")
@click.option("--codes-used", is_flag=True, help="The file is of codes of gifts that were used; without KIND.")
@click.option("--fresh", type=LengthOfTime(), help="Events no older than this may start sequences: '8 days'.")
def import_command(
    asked: Asked,
    kind: str,
    file: Path | None,
    columns: dict[str, str],
    delivered_after: Length | None,
    consent: str,
    basis: str,
    ask: bool,
    nobody: bool,
    fresh: Length | None,
    thing: str,
    numbers: str,
    codes_used: bool,
) -> None:
    """Take in a CSV file. Safe to repeat and to interrupt; nothing is sent.

    KIND is contacts, orders, events, consents, suppressions or sends.

    A date without a clock is 12:00 in the project's zone. Rows that cannot be read go to FILE.rejects.csv
    with the reason. In a column `consent`, topics are listed; one behind a minus sign is refused. Columns `how`,
    `wording` (the words they were shown) and `until` (the last day on which it holds) are kept as proof.
    """
    about = [word for word, said in (("things", thing), ("numbers", numbers), ("codes", codes_used)) if said]
    if about:
        kind, file = of_its_own_kind(about, kind, file)
    elif kind not in KINDS:
        raise click.BadParameter(f"'{kind}' is not one of {', '.join(KINDS)}", param_hint="KIND")
    if nobody:
        return declare_none(asked, kind, file)
    if codes_used and file is not None:
        return used(asked, file, columns)
    if file is None:
        raise click.UsageError(f"say which file: nurture import {kind} FILE")
    from nurture.cli.applying import who
    from nurture.cli.tracing import traced
    from nurture.engine.intake import Wanted
    from nurture.engine.take_in import take_in
    from nurture.wiring import now, workshop

    topics = tuple(consent.replace(",", " ").split())
    wanted = Wanted(kind, columns, delivered_after, topics, basis, fresh, thing or numbers, ask, who())
    with traced(), workshop(asked.root) as shop, progress(file.name, file.stat().st_size) as tell:
        done = take_in(shop, file, wanted, now(), tell, who())
    if asked.json:
        answer(done)
        return None
    for line in done.words(file):
        say(line)
    say_next("nurture show PERSON", "nurture simulate --days 14" if kind != "orders" else "nurture backtest --help")
    return None


def of_its_own_kind(about: list[str], file: str, more: Path | None) -> tuple[str, Path]:
    """With --thing, --numbers or --codes-used the one word that is left is the file."""
    if len(about) > 1 or more is not None:
        raise click.UsageError("--thing, --numbers and --codes-used each stand in place of a kind: nurture import FILE")
    read: Path = READABLE.convert(file, None, None)
    return about[0], read


def used(asked: Asked, file: Path, columns: dict[str, str]) -> None:
    """`import FILE --codes-used`."""
    from nurture.engine.codes_used import take_in_codes
    from nurture.wiring import live, now, workshop

    with workshop(asked.root) as shop, progress(file.name, file.stat().st_size) as tell:
        done = take_in_codes(shop, file, columns, live(shop.store).book.rules.zone, now(), tell)
    if asked.json:
        return answer(done)
    for line in done.words(file):
        say(line)
    return say_next("nurture run --once", "nurture show PERSON")


def declare_none(asked: Asked, kind: str, file: Path | None) -> None:
    """`import suppressions --none`: a person says that nobody has left elsewhere, so that more than service may go."""
    if kind != "suppressions" or file is not None:
        raise click.UsageError("--none goes only with suppressions, and without a file")
    from nurture.cli.applying import who
    from nurture.engine.take_in import declare_nobody
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        words = declare_nobody(shop, who(), now())
    if asked.json:
        answer({"suppressions": words})
        return
    say(f"Kept: {words}. Whoever refuses from now on is kept as ever.")
    say_next("nurture run --once", "nurture status")


COMMANDS = {"import": import_command}
